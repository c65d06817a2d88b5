"""backup/members.py, source.py - manifests that somebody else wrote, two at once, wrong words."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from tests.backup.conftest import Site, empty, flip

from frontdesk.backup import putting, restoring
from frontdesk.backup.putting import Refused

Facts = dict[str, Any]
MEMBER: Facts = {
    "name": "instance/theme/x",
    "size": 4,
    "sha256": hashlib.sha256(b"evil").hexdigest(),
}
HEADER: Facts = {
    "format": 1, "made_at": "2026-01-01", "version": "0.1.0", "revision": "0010",
    "database": "sqlite", "encrypted": False, "counts": {"blobs": 1},
}  # fmt: skip


def sealed(*lines: Facts | bytes) -> bytes:
    """A manifest with these lines, and the end that belongs to them."""
    written = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in lines]
    text = b"".join(line + b"\n" for line in written)
    end = {"members": len(lines) - 1, "bytes": 4, "sha256": hashlib.sha256(text).hexdigest()}
    return text + json.dumps({"end": end}).encode() + b"\n"


def archive(path: Path, *members: tuple[str, bytes]) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, data in members:
            about = tarfile.TarInfo(name)
            about.size = len(data)
            tar.addfile(about, io.BytesIO(data))
    return path


ODD: dict[str, bytes] = {
    "a fact of a later version": sealed({**HEADER, "more": 1}, MEMBER),
    "facts are missing": sealed({"format": 1}, MEMBER),
    "counts are none": sealed({**HEADER, "counts": [1]}, MEMBER),
    "a revision that is none": sealed({**HEADER, "revision": 10}, MEMBER),
    "a name that is none": sealed(HEADER, {**MEMBER, "name": 5}),
    "a size that is none": sealed(HEADER, {**MEMBER, "size": "4"}),
    "an object that is none": sealed(HEADER, {**MEMBER, "kept_as": 5}),
    "an end that is none": sealed(HEADER, MEMBER).rsplit(b"\n", 2)[0] + b'\n{"end": 5}\n',
    "too deep": sealed(HEADER, b"[" * 100_000),
    "empty": b"",
}


@pytest.mark.parametrize("manifest", ODD.values(), ids=ODD.keys())
def test_a_manifest_that_can_not_be_meant_is_refused_in_words(
    site: Site, tmp_path: Path, manifest: bytes
) -> None:
    members = [("instance/theme/x", b"evil"), ("manifest.jsonl", manifest)]
    path = archive(tmp_path / "x.tar", *members)
    with site.app.app_context(), pytest.raises(Refused, match=r"x\.tar: "):
        restoring.check(path)


@pytest.mark.parametrize("kept_as", ["../../outside", "..", "ab", "a" * 64 + "/../../outside"])
def test_an_object_lies_among_the_objects_and_nowhere_else(
    site: Site, tmp_path: Path, kept_as: str
) -> None:
    made = site.back_up(f"{tmp_path}/b/")
    (tmp_path / "outside").write_text("evil")
    path = tmp_path / "b" / "snapshots" / f"{made.name}.jsonl"
    path.write_bytes(sealed(HEADER, {**MEMBER, "sha256": "", "kept_as": kept_as}))
    with site.app.app_context(), pytest.raises(Refused, match="can't be read"):
        restoring.check(tmp_path / "b")


def test_an_archive_has_no_holes_that_fill_the_disk(tmp_path: Path) -> None:
    about = tarfile.TarInfo("instance/theme/x")
    about.type, about.size = tarfile.GNUTYPE_SPARSE, 512
    head = bytearray(about.tobuf(tarfile.GNU_FORMAT))
    head[386:410] = b"%011o\0%011o\0" % (0, 512)  # one piece of data ...
    head[483:495] = b"%011o\0" % (8 << 20)  # ... in 8 MiB
    head[148:156] = b"%06o\0 " % (sum(head[:148]) + 8 * 32 + sum(head[156:]))
    (tmp_path / "x.tar").write_bytes(bytes(head) + bytes(512 * 3))
    with empty(tmp_path / "restored"), pytest.raises(Refused, match="no ordinary file"):
        restoring.restore(tmp_path / "x.tar")


def test_two_restores_at_once_do_not_mix(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They would give each other's half-written files their names."""
    site.back_up(tmp_path / "x.tar")
    written, begun, go_on = putting._written, threading.Event(), threading.Event()

    def slowly(*words: Any) -> tuple[int, str]:
        begun.set()
        assert go_on.wait(60)
        return written(*words)

    monkeypatch.setattr(putting, "_written", slowly)
    done: list[restoring.Restored] = []
    with empty(tmp_path / "restored") as app:

        def first() -> None:
            with app.app_context():
                done.append(restoring.restore(tmp_path / "x.tar"))

        thread = threading.Thread(target=first)
        thread.start()
        try:
            assert begun.wait(60)
            with pytest.raises(Refused, match=r"Another restore .*Wait for its end"):
                restoring.restore(tmp_path / "x.tar")
        finally:
            go_on.set()
            thread.join()
    assert done[0].wrong == []


# What an admin mistypes


@pytest.fixture
def run(site: Site) -> Callable[..., Result]:
    return lambda *words: site.app.test_cli_runner().invoke(args=list(words))


def test_keeping_less_than_none_is_refused(run: Callable[..., Result], tmp_path: Path) -> None:
    """It removed the oldest, and where it was the only one, the backup just made."""
    assert run("backup", f"{tmp_path}/b/", "--keep", "-1").exit_code == 2
    assert not (tmp_path / "b").exists()


def test_a_repair_from_a_folder_of_other_things_is_refused_in_words(
    site: Site, run: Callable[..., Result], tmp_path: Path
) -> None:
    flip(site.blob("a.txt"))
    (tmp_path / "other").mkdir()
    done = run("scrub", "--rate", "0", "--repair-from", str(tmp_path / "other"))
    assert done.exit_code == 1 and "is no folder of backups." in done.output


def test_a_blob_that_an_archive_has_twice_is_put_back_once(
    site: Site, run: Callable[..., Result], tmp_path: Path
) -> None:
    path = site.blob("a.txt")
    member = MEMBER | {"name": f"blobs/{path.name}"}
    whole = path.read_bytes()
    twice = [(member["name"], whole), (member["name"], whole)]
    archive(tmp_path / "x.tar", *twice, ("manifest.jsonl", sealed(HEADER, member)))
    flip(path)
    done = run("scrub", "--rate", "0", "--repair-from", str(tmp_path / "x.tar"))
    assert done.exit_code == 0 and path.read_bytes() == whole


def test_a_backup_under_another_name_is_neither_the_latest_nor_removed(
    site: Site, restore: Callable[..., restoring.Restored], tmp_path: Path
) -> None:
    """As when somebody renames one to keep it, or a program that copies folders does."""
    made = site.back_up(f"{tmp_path}/b/").name
    names = tmp_path / "b" / "snapshots"
    for ending in (".jsonl", ".objects"):
        (names / f"{made}{ending}").rename(names / f"before-the-move{ending}")
    (site.folder / "theme" / "new.css").write_text("new!")
    removed = [site.back_up(f"{tmp_path}/b/", keep=1).removed for _ in range(3)]
    assert removed == [0, 1, 1]
    with site.app.app_context():
        kept = restoring.check(tmp_path / "b", snapshot="before-the-move")
        latest = restoring.check(tmp_path / "b")
    assert kept.wrong == [] and latest.wrong == []
    assert latest.bytes > kept.bytes
    (names / "before-the-move.objects").unlink()
    assert site.back_up(f"{tmp_path}/b/", keep=1).unpruned
    with site.app.app_context():
        assert restoring.check(tmp_path / "b", snapshot="before-the-move").wrong == []
