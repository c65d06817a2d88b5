"""backup/making.py - consistent while the site runs; nothing half; what is damaged is told."""

from __future__ import annotations

import errno
import io
import os
import threading
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select
from tests.backup.conftest import (
    LARGE,
    Site,
    clean,
    empty,
    flip,
    remove_for_good,
)
from tests.browser import Browser
from tests.files.tus import offset, patch

from frontdesk.accounts import service as accounts
from frontdesk.audit import LogEntry
from frontdesk.backup import archive, contents, dump, folder, making, members, restoring, source
from frontdesk.db import db, transaction
from frontdesk.files import arrivals, pausing, removal, service
from frontdesk.files.models import Blob, File

Restore = Callable[..., restoring.Restored]
TARGETS = pytest.mark.parametrize("target", ["x.tar", "b/"])


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Have something done after the database was copied and before the first file is."""

    def meanwhile(do: Callable[[], object]) -> None:
        items = contents.items

        def then(*about: Any) -> Any:
            do()
            return items(*about)

        monkeypatch.setattr(contents, "items", then)

    return meanwhile


def test_what_comes_back_while_it_is_read_does_not_spoil_an_archive(tmp_path: Path) -> None:
    """A disk that gave nothing of it a moment ago, when its length was written down."""
    opened = list[io.BytesIO]()

    def open_it() -> io.BytesIO:
        opened.append(io.BytesIO(b"x" * 5_000))
        if len(opened) == 1:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return opened[-1]

    header, id = members.Header("2026-11-28", "0", "0001", "sqlite", False), str(uuid4())
    with archive.writing(str(tmp_path / "x.tar"), header, tmp_path, []) as tar:
        tar.begin()
        assert tar.put(members.Item(f"blobs/{id}", 5_000, open_it)).damaged
        tar.put(members.of_bytes("instance/secret-key", b"the next"))
        tar.end([])
    with source.opened(tmp_path / "x.tar") as backup:
        assert [source.drain(arrived)[0] for arrived in backup.each()] == [0, 8]


# While the site runs


def test_what_is_removed_meanwhile_is_in_it_and_goes_with_the_next_purge(
    site: Site, meanwhile: Callable[..., None], restore: Restore,
    restored: Callable[..., Flask], tmp_path: Path,
) -> None:  # fmt: skip
    gone = site.blob("gone.txt")
    meanwhile(lambda: remove_for_good(site, "gone.txt"))
    assert site.back_up(tmp_path / "x.tar").damaged == []
    assert gone.exists(), "its bytes stayed while the backup read"
    restore(tmp_path / "x.tar")
    assert clean(restored())
    os.utime(gone, (0, 0))
    site.app.test_cli_runner().invoke(args=["purge"])
    assert not gone.exists()
    assert clean(site.app)


def test_without_the_pause_it_would_be_missing(
    site: Site, meanwhile: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pausing, "paused", nullcontext)
    meanwhile(lambda: remove_for_good(site, "gone.txt"))
    (damaged,) = site.back_up(tmp_path / "x.tar").damaged
    assert damaged.damaged == "is missing"


def test_removing_waits_for_no_backup_and_works_again_after_one(site: Site) -> None:
    gone = site.blob("gone.txt")
    with site.app.app_context(), pausing.paused():
        remove_for_good(site, "gone.txt")
        assert gone.exists()
    with site.app.app_context(), pausing.removing() as may:
        assert may


def test_an_upload_that_ends_meanwhile_is_finished_after_the_restore(
    site: Site, meanwhile: Callable[..., None], restore: Restore, app: Flask,
    restored: Callable[..., Flask], tmp_path: Path,
) -> None:  # fmt: skip
    rest = bytes(996)
    client = app.test_client()
    meanwhile(lambda: patch(client, site.upload, 4, rest))
    assert site.back_up(tmp_path / "x.tar").damaged == []
    restore(tmp_path / "x.tar")
    again = restored().test_client()
    assert offset(again, site.upload) == 1000
    Browser(again).log_in("alice", "a long enough password")
    found = again.get("/path/going-on.bin?download=1", buffered=True)
    assert found.data == b"four" + rest
    assert clean(restored())


def test_while_people_write_and_remove_each_row_has_its_bytes(
    site: Site, restore: Restore, restored: Callable[..., Flask], tmp_path: Path
) -> None:
    stop, made = threading.Event(), list[int]()

    def storm(number: int) -> None:
        with site.app.app_context():
            found = accounts.find("alice")
            assert found
            owner, count = found.id, 0
            while not stop.is_set():
                with site.app.test_request_context():
                    with service.storage().begin() as staged:
                        staged.write(os.urandom(20_000))
                        name = f"{number}-{count}"
                        file = arrivals.take_in(owner, [], name, staged, "number").file
                    if count % 2:
                        service.delete(file)
                        removal.remove_file(owner, file.id)
                    count += 1
            made.append(count)

    threads = [threading.Thread(target=storm, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    try:
        backups = [site.back_up(f"{tmp_path}/b/")]
        while len(backups) < 3 or backups[-1].files < backups[0].files + 5:
            backups.append(site.back_up(f"{tmp_path}/b/"))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert sum(made) >= 5 and not any(one.damaged for one in backups)
    for one in (backups[0], backups[len(backups) // 2], backups[-1]):
        restore(tmp_path / "b", to=one.name, snapshot=one.name)
        with restored(one.name).app_context():
            assert db.session.scalar(select(func.count()).select_from(Blob)) == one.files
            db.session.remove()
        assert clean(restored(one.name))


def test_two_at_once_are_one(site: Site, meanwhile: Callable[..., None], tmp_path: Path) -> None:
    refused = list[str]()

    def another(target: str) -> None:
        with pytest.raises(making.NoBackup) as no:
            site.back_up(target)
        refused.append(str(no.value))

    meanwhile(lambda: another(f"{tmp_path}/y.tar"))
    site.back_up(tmp_path / "x.tar")
    assert refused == ["Another backup is being made. Wait for its end."]
    assert not (tmp_path / "y.tar").exists()
    holder = folder.Folder(tmp_path / "b")
    with pytest.raises(making.NoBackup, match="Another backup is at"):
        site.back_up(f"{tmp_path}/b/")
    holder.close()
    site.back_up(f"{tmp_path}/b/")


# What is damaged


@TARGETS
def test_what_is_damaged_is_told_and_the_others_are_there(
    site: Site, tmp_path: Path, target: str
) -> None:
    flip(site.blob("a.txt"))
    site.blob("gone.txt").unlink()
    large = site.blob("large.bin")
    large.write_bytes(LARGE[:-1])
    twin = site.blob("twin.bin")
    twin.write_bytes(LARGE + b"x")
    run = site.app.test_cli_runner().invoke
    done = run(args=["backup", f"{tmp_path}/{target}"])
    assert done.exit_code == 4
    for name, says in (
        ("a.txt", "isn't what was sent: its SHA-256 is another."),
        ("gone.txt", "is missing."),
        ("large.bin", f"has {len(LARGE) - 1} bytes, and had {len(LARGE)}."),
        ("twin.bin", f"is longer than the {len(LARGE)} bytes that it had."),
    ):
        assert f"blobs/{site.blob(name).name} {says}" in done.stderr
    checked = run(args=["restore", "--check", f"{tmp_path}/{target}"])
    assert checked.exit_code == 4 and "All of it is as it was backed up" in checked.stdout


@TARGETS
def test_what_is_left_of_it_comes_back_too(
    site: Site, restore: Restore, tmp_path: Path, target: str
) -> None:
    flip(site.blob("a.txt"))
    site.blob("gone.txt").write_bytes(b"in the")
    site.back_up(f"{tmp_path}/{target}")
    done = restore(f"{tmp_path}/{target}")
    assert (done.wrong, len(done.damaged)) == ([], 2)
    for name in ("a.txt", "gone.txt"):
        here = site.blob(name)
        there = tmp_path / "restored" / here.relative_to(site.folder)
        assert there.read_bytes() == here.read_bytes()


def test_the_next_backup_in_a_folder_keeps_the_good_bytes(
    site: Site, restore: Restore, tmp_path: Path
) -> None:
    site.back_up(f"{tmp_path}/b/")
    site.blob("large.bin").unlink()
    made = site.back_up(f"{tmp_path}/b/", keep=1)
    assert [one.damaged for one in made.damaged] == ["is missing"]
    restore(tmp_path / "b")
    there = tmp_path / "restored" / site.blob("large.bin").relative_to(site.folder)
    assert there.read_bytes() == LARGE


def test_a_link_in_a_blobs_place_is_not_read(site: Site, tmp_path: Path) -> None:
    path = site.blob("a.txt")
    path.unlink()
    path.symlink_to("/etc/passwd")
    (site.folder / "theme" / "link.html").symlink_to("/etc/passwd")
    made = site.back_up(tmp_path / "x.tar")
    assert [one.damaged for one in made.damaged] == ["is missing"]
    assert any("theme/link.html" in words for words in made.left_out)
    assert b"root:" not in (tmp_path / "x.tar").read_bytes()


# Where it goes


def test_what_holds_something_else_is_left_alone(site: Site, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "letters").write_text("mine")
    with pytest.raises(making.NoBackup, match="holds something else"):
        site.back_up(f"{tmp_path}/b/", keep=1)
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["letters"]
    (tmp_path / "x.tar").write_text("mine")
    with pytest.raises(making.NoBackup, match="is there already"):
        site.back_up(tmp_path / "x.tar")
    assert (tmp_path / "x.tar").read_text() == "mine"


def test_what_else_lies_among_its_manifests_is_no_backup(site: Site, tmp_path: Path) -> None:
    """As copies that a program for syncing makes of them."""
    made = site.back_up(f"{tmp_path}/b/")
    snapshots = tmp_path / "b" / "snapshots"
    for name in ("conflict.jsonl", f"{made.name}.conflict.jsonl", f"{made.name}.jsonl~"):
        (snapshots / name).write_text("strange")
    site.back_up(f"{tmp_path}/b/", keep=2)
    with site.app.app_context():
        assert restoring.check(tmp_path / "b").wrong == []
        assert restoring.check(tmp_path / "b", snapshot=made.name).wrong == []


def test_links_in_the_folder_are_not_followed(site: Site, tmp_path: Path) -> None:
    away = tmp_path / "away"
    away.mkdir()
    folder.Folder(tmp_path / "b").close()
    (tmp_path / "b" / "objects").rmdir()
    (tmp_path / "b" / "objects").symlink_to(away)
    with pytest.raises(making.NoBackup, match="can't be written"):
        site.back_up(f"{tmp_path}/b/")
    (tmp_path / "b" / "objects").unlink()
    for number in range(256):
        (tmp_path / "b" / "objects").mkdir(exist_ok=True)
        (tmp_path / "b" / "objects" / f"{number:02x}").symlink_to(away)
    with pytest.raises(making.NoBackup, match="can't be written"):
        site.back_up(f"{tmp_path}/b/")
    assert list(away.iterdir()) == []


def test_an_archive_goes_to_no_link(site: Site, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / ".x.tar.part").symlink_to(tmp_path / "mine")
    (tmp_path / "y.tar").symlink_to(tmp_path / "elsewhere")
    site.back_up(tmp_path / "x.tar")
    with pytest.raises(making.NoBackup):
        site.back_up(tmp_path / "y.tar")
    assert (tmp_path / "mine").read_text() == "mine" and not (tmp_path / "elsewhere").exists()


def test_the_log_says_how_it_went(site: Site, tmp_path: Path) -> None:
    site.back_up(tmp_path / "x.tar")
    with pytest.raises(making.NoBackup):
        site.back_up(tmp_path / "x.tar")
    with site.app.app_context():
        noted = select(LogEntry.what, LogEntry.facts).where(LogEntry.what.startswith("backup"))
        (made, facts), (failed, why) = db.session.execute(noted.order_by(LogEntry.id)).all()
    assert (made, failed) == ("backup", "backup.failed")
    assert facts["where"] == str(tmp_path / "x.tar") and facts["files"] == 5 and facts["near"]
    assert "is there already" in why["why"]


def test_a_database_that_has_gone_is_not_made_anew(tmp_path: Path) -> None:
    """An empty one in its place would be taken for the site's."""
    gone = tmp_path / "it's #1%20?.db"
    with pytest.raises(dump.NoDump, match="unable to open"):
        dump.copy_sqlite(gone, tmp_path / "copy.db")
    assert not gone.exists()
    gone.touch()
    dump.copy_sqlite(gone, tmp_path / "copy.db")


def test_fewer_than_none_are_never_kept(site: Site, tmp_path: Path) -> None:
    words = ["backup", f"{tmp_path}/b/", "--keep"]
    assert site.app.test_cli_runner().invoke(args=[*words, "0"]).exit_code == 0
    done = site.app.test_cli_runner().invoke(args=[*words, "-14"])
    assert (done.exit_code, "-14 is not in the range" in done.output) == (2, True)


def test_an_empty_site_has_a_backup_too(tmp_path: Path) -> None:
    with empty(tmp_path / "fresh"):
        made = making.make(f"{tmp_path}/b/")
        assert (made.files, made.damaged) == (0, [])
        restored = restoring.check(tmp_path / "b")
    assert (restored.files, restored.wrong) == (0, [])


def test_blobs_whose_hash_is_still_to_come_are_copied(
    site: Site, restore: Restore, tmp_path: Path
) -> None:
    with site.app.app_context(), transaction() as session:
        for blob in session.scalars(select(Blob)):
            blob.sha256 = ""
    assert site.back_up(f"{tmp_path}/b/").damaged == []
    assert restore(tmp_path / "b").wrong == []


def test_a_row_without_bytes_from_the_start_is_told(site: Site, tmp_path: Path) -> None:
    with site.app.app_context(), transaction() as session:
        session.add(Blob(id=uuid4(), size=5, sha256="0" * 64))
        assert session.scalar(select(func.count()).select_from(File))
    assert len(site.back_up(f"{tmp_path}/b/").damaged) == 1
