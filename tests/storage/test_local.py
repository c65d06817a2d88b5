"""Blobs in a folder: who can read them, what is never followed, what survives."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from frontdesk.storage import LocalStorage, from_url
from frontdesk.storage.staged import Staged


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "files")


def put(storage: LocalStorage, data: bytes = b"data") -> UUID:
    with storage.begin() as staged:
        staged.write(data)
        staged.keep()
        return staged.id


def files(storage: LocalStorage) -> list[Path]:
    return [path for path in storage.folder.rglob("*") if not path.is_dir()]


def test_the_setting_is_a_folder_of_the_instance_or_elsewhere(tmp_path: Path) -> None:
    assert (
        from_url("file:files", tmp_path / "instance")
        .path(uuid4())
        .is_relative_to(tmp_path / "instance" / "files")
    )
    assert (
        from_url(f"file://{tmp_path}/else", "/nowhere")
        .path(uuid4())
        .is_relative_to(tmp_path / "else")
    )


def test_a_blob_is_named_by_its_id_only_and_for_us_only(storage: LocalStorage) -> None:
    id = put(storage)
    (blob,) = files(storage)
    assert blob.relative_to(storage.folder) == Path(id.hex[:2]) / str(id)
    assert blob.stat().st_mode & 0o777 == 0o600
    for folder in (storage.folder, storage.staging, blob.parent):
        assert folder.stat().st_mode & 0o077 == 0


def test_keeping_moves_the_file_and_never_copies_it(storage: LocalStorage) -> None:
    with storage.begin() as staged:
        staged.write(b"data")
        (before,) = files(storage)
        number = before.stat().st_ino
        staged.keep()
    (after,) = files(storage)
    assert after.stat().st_ino == number


def test_keeping_syncs_the_bytes_before_the_name_and_the_name_before_it_returns(
    storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []

    def noting(name: str, real):
        def call(*args, **kwargs):
            path = Path(f"/proc/self/fd/{args[0]}").readlink() if isinstance(args[0], int) else ""
            steps.append(f"{name} {Path(path).name if path else ''}".strip())
            return real(*args, **kwargs)

        return call

    for name in ("fdatasync", "fsync", "rename"):
        monkeypatch.setattr(os, name, noting(name, getattr(os, name)))
    with storage.begin() as staged:
        staged.write(b"data")
        staged.keep()
    shard = staged.id.hex[:2]
    assert steps == [
        f"fdatasync {staged.id}",
        "fsync files",  # the new shard's own name
        "rename",
        f"fsync {shard}",
        "fsync staging",
    ]


@pytest.mark.parametrize("fails", ["fdatasync", "rename", "fsync"])
def test_what_the_disk_did_not_take_is_no_blob(
    storage: LocalStorage, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise OSError(errno.EIO, "injected")

    with storage.begin() as staged:
        staged.write(b"data")
        monkeypatch.setattr(os, fails, broken)
        with pytest.raises(OSError, match="injected"):
            staged.keep()
    assert files(storage) == []


def test_short_writes_are_carried_on(
    storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, at: real(fd, data[:1000], at))
    data = os.urandom(9_500)
    assert storage.path(put(storage, data)).read_bytes() == data


@pytest.mark.parametrize("trap", ["link", "folder", "fifo", "socket", "shard"])
def test_only_a_regular_file_is_ever_opened(
    storage: LocalStorage, tmp_path: Path, trap: str
) -> None:
    id = uuid4()
    secret = tmp_path / "secret"
    place = storage.path(id)
    if trap == "shard":
        secret.mkdir()
        (secret / str(id)).write_text("secret")
        place.parent.symlink_to(secret)
    else:
        place.parent.mkdir()
        secret.write_text("secret")
        make = {
            "link": lambda: place.symlink_to(secret),
            "folder": place.mkdir,
            "fifo": lambda: os.mkfifo(place),
            "socket": lambda: os.mknod(place, 0o140600),
        }
        make[trap]()
    with pytest.raises(FileNotFoundError):
        storage.open(id)


def test_a_blob_is_not_written_through_a_link_in_place_of_its_folder(
    storage: LocalStorage, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    with storage.begin() as staged:
        storage.path(staged.id).parent.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(OSError):
            staged.keep()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_deleting_removes_a_link_and_not_what_it_points_to(
    storage: LocalStorage, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("secret")
    id = uuid4()
    storage.path(id).parent.mkdir()
    storage.path(id).symlink_to(tmp_path / "secret")
    storage.delete(id)
    assert (tmp_path / "secret").read_text() == "secret"


def test_sweeping_removes_what_a_killed_process_left(storage: LocalStorage) -> None:
    program = (
        "import sys, os, signal; from pathlib import Path\n"
        "from frontdesk.storage import LocalStorage\n"
        "staged = LocalStorage(Path(sys.argv[1])).begin(); staged.write(b'half')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program, str(storage.folder)], env=environment, check=False
    )
    assert done.returncode == -signal.SIGKILL
    kept = put(storage)
    assert len(files(storage)) == 2
    assert storage.sweep(3600) == 0
    old = time.time() - 7200
    for path in files(storage):
        os.utime(path, (old, old))
    assert storage.sweep(3600) == 1
    assert files(storage) == [storage.path(kept)]


def test_sweeping_leaves_what_is_no_staging_file_of_ours(
    storage: LocalStorage, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("secret")
    (storage.staging / "link").symlink_to(tmp_path / "secret")
    (storage.staging / "folder").mkdir()
    assert storage.sweep(-10) == 0
    assert (tmp_path / "secret").exists() and (storage.staging / "folder").exists()


def test_an_id_is_never_given_to_two(storage: LocalStorage) -> None:
    id = uuid4()
    with Staged(id, storage.staging / str(id), storage.path(id)), pytest.raises(FileExistsError):
        Staged(id, storage.staging / str(id), storage.path(id))


def test_a_folder_that_cannot_be_made_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        LocalStorage(tmp_path / "file" / "files")
