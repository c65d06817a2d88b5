"""backup/source.py, restoring.py - a backup that isn't whole is refused, and the site with it."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from tests.backup.conftest import Site, clean, empty, flip, tree

from frontdesk.backup import keys, mark, restoring
from frontdesk.backup.putting import Refused, Room
from frontdesk.backup.source import Arrived
from frontdesk.settings import BadSetting

Restore = Callable[..., restoring.Restored]
Key = tuple[str, str]


def is_refused(site: Site, path: Path, said: str, **how: str) -> None:
    """To read it and to restore it."""
    with site.app.app_context():
        try:
            wrong = " ".join(restoring.check(path, **how).wrong)
        except Refused as no:
            wrong = str(no)
    assert wrong and said in wrong, wrong


@pytest.mark.parametrize("is_sealed", [False, True], ids=["plain", "encrypted"])
def test_one_bit_anywhere_is_noticed(
    site: Site, restore: Restore, tmp_path: Path, key: Key, is_sealed: bool
) -> None:
    path = tmp_path / "x.tar"
    site.back_up(path, key=key[1] if is_sealed else "")
    how = {"key": key[0]} if is_sealed else {}
    whole, size = path.read_bytes(), path.stat().st_size
    for part in (1, 3, 5, 7, 9):
        flip(path, size * part // 10)
        is_refused(site, path, "", **how)
        path.write_bytes(whole)
    flip(path, size * 6 // 10)
    with pytest.raises(Refused):
        restore(path, **how)
    path.write_bytes(whole)
    assert restore(path, to="other", **how).wrong == []


@pytest.mark.parametrize("is_sealed", [False, True], ids=["plain", "encrypted"])
@pytest.mark.parametrize("left", [0.0, 0.001, 0.5, 0.95, 0.9999])
def test_one_that_was_cut_is_refused(
    site: Site, tmp_path: Path, key: Key, is_sealed: bool, left: float
) -> None:
    path = tmp_path / "x.tar"
    site.back_up(path, key=key[1] if is_sealed else "")
    whole = path.read_bytes()
    ends = len(whole) if is_sealed else len(whole.rstrip(b"\0"))  # what follows is only padding
    path.write_bytes(whole[: int(ends * left)])
    is_refused(site, path, "", **({"key": key[0]} if is_sealed else {}))


def test_until_a_restore_has_ended_well_the_site_does_not_start(
    site: Site, restore: Restore, restored: Callable[..., Flask], tmp_path: Path
) -> None:
    path = tmp_path / "x.tar"
    site.back_up(path)
    whole, name = path.read_bytes(), f"blobs/{site.blob('large.bin').name}"
    with tarfile.open(path) as tar:
        at = tar.getmember(name).offset_data
    flip(path, at + 1000)
    with pytest.raises(Refused, match="isn't what was backed up"):
        restore(path)
    with pytest.raises(BadSetting, match="didn't come to its end"):
        restored()
    path.write_bytes(whole)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mark, "refuse", lambda _: None)  # as `flask restore` starts
        assert restore(path).wrong == []
    assert clean(restored())


def objects(folder: Path) -> list[Path]:
    return [path for path in (folder / "objects").rglob("*") if path.is_file()]


@pytest.mark.parametrize("is_sealed", [False, True], ids=["plain", "encrypted"])
def test_in_a_folder_each_object_is_looked_at(
    site: Site, restore: Restore, tmp_path: Path, key: Key, is_sealed: bool
) -> None:
    folder = tmp_path / "b"
    site.back_up(f"{folder}/", key=key[1] if is_sealed else "")
    how = {"key": key[0]} if is_sealed else {}
    for path in objects(folder):
        whole = path.read_bytes()
        flip(path)
        is_refused(site, folder, "isn't what was backed up", **how)
        path.write_bytes(whole)
    with site.app.app_context():
        assert restoring.check(folder, **how).wrong == []
    path.unlink()
    is_refused(site, folder, "is missing", **how)


def test_an_object_that_was_cut_comes_again_with_the_next_backup(
    site: Site, tmp_path: Path
) -> None:
    site.back_up(f"{tmp_path}/b/")
    large = max(objects(tmp_path / "b"), key=lambda path: path.stat().st_size)
    large.write_bytes(large.read_bytes()[:-1])
    site.back_up(f"{tmp_path}/b/")
    with site.app.app_context():
        assert restoring.check(tmp_path / "b").wrong == []


def test_a_manifest_that_was_changed_is_refused(site: Site, tmp_path: Path) -> None:
    made = site.back_up(f"{tmp_path}/b/")
    path = tmp_path / "b" / "snapshots" / f"{made.name}.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3] + lines[4:]))
    is_refused(site, tmp_path / "b", "Its manifest was changed.")
    path.write_bytes(b"".join(lines[:-1]))
    is_refused(site, tmp_path / "b", "The end of its manifest is missing.")
    for line in (b"not even JSON\n", b'{"format": 1}\n'):
        path.write_bytes(line)
        is_refused(site, tmp_path / "b", "can't be read")


def test_another_key_opens_nothing_and_none_says_so(
    site: Site, restore: Restore, tmp_path: Path, key: Key
) -> None:
    other = tmp_path / "other"
    other.write_text(keys.fresh()[0])
    site.back_up(tmp_path / "x.tar", key=key[1])
    site.back_up(f"{tmp_path}/b/", key=key[1])
    for path in (tmp_path / "x.tar", tmp_path / "b"):
        is_refused(site, path, "The key doesn't open this backup.", key=str(other))
        is_refused(site, path, "Give its secret key with --key FILE.")
        is_refused(site, path, "holds no secret key", key=site.folder.as_posix() + "/config.py")
        with pytest.raises(Refused, match="doesn't open"):
            restore(path, to=path.name + "-restored", key=str(other))
        assert tree(tmp_path / f"{path.name}-restored").keys() == {"secret-key"}


def test_what_is_no_backup_is_refused_in_words(site: Site, tmp_path: Path) -> None:
    (tmp_path / "text.tar").write_text("no archive")
    with tarfile.open(tmp_path / "foreign.tar", "w") as tar:
        tar.add(tmp_path / "text.tar", "text.tar")
    for name in ("text.tar", "foreign.tar", "nothing.tar", "."):
        is_refused(site, tmp_path / name, str(tmp_path / name))


BAD_NAMES = {
    "outside": "../outside",
    "absolute": "/tmp/outside",
    "below": "instance/theme/../../outside",
    "blob": "blobs/../../../outside",
    "other": "instance/frontdesk.db-wal",
}


@pytest.mark.parametrize("name", BAD_NAMES.values(), ids=BAD_NAMES.keys())
def test_an_archive_writes_nowhere_but_where_it_may(tmp_path: Path, name: str) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        about = tarfile.TarInfo(name)
        about.size = 4
        tar.addfile(about, io.BytesIO(b"evil"))
    with empty(tmp_path / "restored"), pytest.raises(Refused, match="none of ours"):
        restoring.restore(tmp_path / "x.tar")
    assert not [path for path in tmp_path.rglob("*outside*")]
    assert b"evil" not in tree(tmp_path / "restored").values()


def test_a_link_in_an_archive_is_not_made(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        about = tarfile.TarInfo("instance/config.py")
        about.type, about.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(about)
    with empty(tmp_path / "restored"), pytest.raises(Refused, match="no ordinary file"):
        restoring.restore(tmp_path / "x.tar")
    assert not (tmp_path / "restored" / "config.py").is_symlink()


def test_a_name_in_a_manifest_leads_nowhere_else(site: Site, tmp_path: Path) -> None:
    made = site.back_up(f"{tmp_path}/b/")
    path = tmp_path / "b" / "snapshots" / f"{made.name}.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    facts = json.loads(lines[1]) | {"name": "instance/theme/../../../outside"}
    path.write_bytes(b"".join([lines[0], json.dumps(facts).encode() + b"\n", *lines[2:]]))
    is_refused(site, tmp_path / "b", "none of ours")


def test_a_key_is_never_there_by_half(tmp_path: Path) -> None:
    class Torn(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if seen := (tmp_path / "secret-key").read_bytes():
                raise InterruptedError(seen)
            return b""

    (tmp_path / "secret-key").write_bytes(b"its own")
    app = Flask(__name__, instance_path=str(tmp_path))
    with pytest.raises(InterruptedError, match="its own"):
        Room(app, began_before=False).put(Arrived("instance/secret-key", Torn()))
    assert (tmp_path / "secret-key").read_bytes() == b"its own"
    Room(app, began_before=True).put(Arrived("instance/secret-key", io.BytesIO(b"restored")))
    assert {path.name for path in tmp_path.iterdir()} == {"secret-key"}
    assert (tmp_path / "secret-key").read_bytes() == b"restored"


def test_a_list_of_what_a_backup_needs_that_rotted_has_nothing_removed(
    site: Site, tmp_path: Path
) -> None:
    """One wrong letter in it, and the object that it meant would be nobody's."""
    names = [site.back_up(f"{tmp_path}/b/").name for _ in range(2)]
    flip(tmp_path / "b" / "snapshots" / f"{names[1]}.objects", 0)
    made = site.back_up(f"{tmp_path}/b/", keep=2)
    assert names[1] in made.unpruned
    with site.app.app_context():
        for name in (*names, made.name):
            assert restoring.check(tmp_path / "b", snapshot=name).wrong == []


def test_a_restore_that_began_into_another_database_fills_no_database_that_is_used(
    site: Site, tmp_path: Path
) -> None:
    """As when DATABASE_URL was changed after one that was stopped."""
    site.back_up(tmp_path / "x.tar")
    rows = site.rows()
    mark.put(site.folder, "postgresql://elsewhere file:files")
    with site.app.app_context(), pytest.raises(Refused, match="isn't empty"):
        restoring.restore(tmp_path / "x.tar")
    assert site.rows() == rows
