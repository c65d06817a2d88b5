"""files/scrub.py - each invariant, broken by hand, is found; what is well is called well."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select, text, update
from tests import postgresql
from tests.browser import Browser
from tests.files.conftest import Books
from tests.files.images import drawn
from tests.files.tus import Tus, patch

from frontdesk.db import db, transaction
from frontdesk.files import scrub as scrubbing
from frontdesk.files import service
from frontdesk.files.models import Blob, File
from frontdesk.files.scrub import report, rereading

Keep = Callable[..., str]
Scrub = Callable[..., dict[str, Any]]


@pytest.fixture
def scrub(app: Flask) -> Scrub:
    """Types the command; what it found."""

    def scrub() -> dict[str, Any]:
        done: Result = app.test_cli_runner().invoke(args=["scrub", "--json", "--rate", "0"])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        said: dict[str, Any] = json.loads(done.stdout)
        assert (done.exit_code == 0) is said["clean"] is (said["findings"] == [])
        return said

    return scrub


@pytest.fixture
def found(scrub: Scrub) -> Callable[[], set[str]]:
    """The kinds of what is wrong."""
    return lambda: {finding["kind"] for finding in scrub()["findings"]}


@pytest.fixture
def break_by(app: Flask, books: Books) -> Callable[[str], None]:
    """Change the database by hand."""
    books.closed = "this test breaks them"

    def break_by(statement: str) -> None:
        with app.app_context(), transaction() as session:
            if not postgresql.is_used():
                session.connection().exec_driver_sql("PRAGMA defer_foreign_keys=on")
            session.execute(text(statement))

    return break_by


def path_of(app: Flask, file_id: str) -> Path:
    """Where the bytes of a file lie."""
    with app.app_context():
        return service.storage().path(db.session.get_one(File, UUID(file_id)).blob_id)


def age(path: Path) -> None:
    os.utime(path, (0, 0), follow_symlinks=False)


def test_an_empty_site_is_clean(scrub: Scrub) -> None:
    said = scrub()
    assert (said["clean"], said["blobs"], said["findings"]) == (True, 0, [])


def test_a_site_in_use_is_clean_after_every_verb(
    app: Flask, alice: Browser, bob: Browser, keep: Keep, found: Callable[[], set[str]]
) -> None:
    tus = Tus(alice)
    patch(tus.client, tus.begin(1000), 0, b"four")
    assert found() == set()
    tus.send("whole.txt", b"content")
    id = keep("alice", "a.png", drawn(), "reports/Müll")
    assert found() == set()
    alice.client.get(f"/file/{id}/thumbnail/1.0", buffered=True)
    alice.visit(f"/file/{id}/change/rename")
    alice.submit("rename", name="ß.png")
    assert found() == set()
    alice.post(f"/file/{id}/change/delete")
    assert found() == set()
    alice.post(f"/file/{id}/change/undo")
    alice.post(f"/file/{keep('alice', 'b.txt')}/change/delete")
    keep("bob", "b.txt", b"content")
    assert found() == set()
    app.test_cli_runner().invoke(args=["purge"])
    assert found() == set()


def test_it_says_so_in_sentences(app: Flask, keep: Keep, break_by: Callable[[str], None]) -> None:
    keep("alice", "a.txt", b"12345")
    run = app.test_cli_runner().invoke
    assert run(args=["scrub"]).output.startswith("Read 1 blobs, 5 bytes, in ")
    break_by("UPDATE members SET used = 7 WHERE username = 'alice'")
    done = run(args=["scrub"])
    assert "alice has files of 5 bytes, and 7 are counted." in done.output
    assert (done.exit_code, "1 findings" in done.output) == (1, True)


BROKEN = {
    "member.used": "UPDATE members SET used = used + 1 WHERE username = 'alice'",
    "member.reserved": "UPDATE members SET reserved = 1 WHERE username = 'bob'",
    "member.quota": "UPDATE members SET quota = 1 WHERE username = 'alice'",
    "blob.size": "UPDATE files SET size = 6 WHERE name = 'a.txt'",
    "folder.counters": "UPDATE folders SET files_in = 9 WHERE name = 'reports'",
    "folder.path": "UPDATE folders SET path = 'elsewhere' WHERE name = 'reports'",
    "file.owner": "UPDATE files SET owner_id = (SELECT id FROM members WHERE username = 'bob') "
    "WHERE name = 'a.txt'",
    "file.key": "UPDATE files SET name = 'b.txt' WHERE name = 'a.txt'",
    "folder.key": "UPDATE folders SET name = 'other', path = 'other' WHERE name = 'reports'",
    "search": "UPDATE search_names SET name_key = 'other' WHERE name_key = 'a.txt'",
    "log": "UPDATE log SET facts = '{}' WHERE what = 'file.upload' AND id = "
    "(SELECT max(id) FROM log WHERE what = 'file.upload')",
    "invite.uses": "INSERT INTO invites (id, token_hash, created_at, expires_at, email, role, "
    f"most_uses, uses) VALUES ('{UUID(int=0).hex}', 'x', '2026-01-01', '2026-01-02', '', '', 1, 2)",
    "database.parent": "DELETE FROM blobs",
    "blob.unused": "DELETE FROM files",
    "blob.unhashed": "UPDATE blobs SET sha256 = ''",
}


SQLITES_OWN = {"search", "database.parent"}
KINDS = [
    pytest.param(kind, marks=[pytest.mark.sqlite] if kind in SQLITES_OWN else []) for kind in BROKEN
]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_broken_in_the_database_is_found(
    app: Flask,
    keep: Keep,
    found: Callable[[], set[str]],
    break_by: Callable[[str], None],
    kind: str,
) -> None:
    keep("bob", "another.txt")
    keep("alice", "a.txt", b"12345", "reports")
    assert found() == set()
    with app.app_context():
        db.session.execute(text("UPDATE blobs SET created_at = '2020-01-01 00:00:00.000000'"))
        db.session.commit()
        db.engine.dispose()
        with closing(db.engine.raw_connection()) as raw:
            if not postgresql.is_used():
                raw.execute("PRAGMA foreign_keys=off")
            raw.cursor().execute(BROKEN[kind])
            raw.commit()
        db.engine.dispose()
    assert kind in found()


@pytest.mark.sqlite
def test_pieces_that_the_search_lost_are_found(
    keep: Keep, found: Callable[[], set[str]], break_by: Callable[[str], None]
) -> None:
    for name in ("a", "ab", "abc", 'a"b', "日本語.txt"):
        keep("alice", name)
    assert found() == set()
    break_by("INSERT INTO search_pieces (search_pieces) VALUES ('delete-all')")
    assert found() == {"search"}


def test_changed_bytes_are_found_and_marked_until_they_are_back(
    app: Flask, alice: Browser, keep: Keep, found: Callable[[], set[str]]
) -> None:
    path = path_of(app, keep("alice", "a.txt", b"12345"))
    path.write_bytes(b"12346")
    assert found() == found() == {"blob.changed"}
    assert is_marked(app)
    assert "not what was uploaded" in alice.visit("/path/a.txt").html.get_text()
    path.write_bytes(b"1234")
    assert found() == {"blob.changed"}
    path.write_bytes(b"12345")
    assert found() == set()
    assert not is_marked(app)
    assert "not what was uploaded" not in alice.visit("/path/a.txt").html.get_text()


def is_marked(app: Flask) -> bool:
    with app.app_context():
        return db.session.scalar(select(Blob.lost_at)) is not None


def test_missing_bytes_are_found_and_their_row_is_kept(
    app: Flask, keep: Keep, found: Callable[[], set[str]]
) -> None:
    path = path_of(app, keep("alice", "a.txt", b"12345"))
    path.rename(away := path.with_name("away"))
    age(away)
    assert found() == {"blob.missing", "stray.strange"}
    app.test_cli_runner().invoke(args=["purge"])
    assert is_marked(app)
    away.rename(path)
    assert found() == set()


def test_bytes_that_nothing_knows_are_found_when_they_are_old(
    app: Flask, keep: Keep, found: Callable[[], set[str]], books: Books
) -> None:
    stray = path_of(app, keep("alice", "a.txt")).with_name(str(uuid4()))
    stray = stray.parents[1] / stray.name[:2] / stray.name
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"content")
    assert found() == set(), "an upload may be about to write their row"
    age(stray)
    assert found() == {"stray"}
    app.test_cli_runner().invoke(args=["purge"])
    assert found() == set()


@pytest.mark.parametrize("put", [Path.touch, os.mkfifo, lambda path: path.symlink_to("/etc")])
def test_what_is_none_of_ours_is_found(
    app: Flask, keep: Keep, found: Callable[[], set[str]], put: Callable[[Path], None]
) -> None:
    strange = path_of(app, keep("alice", "a.txt")).with_name("strange")
    put(strange)
    assert found() == {"stray.strange"}
    strange.unlink()


def test_a_thumbnail_without_its_image_is_found(
    app: Flask, instance: Path, found: Callable[[], set[str]]
) -> None:
    small = instance / "thumbnails" / "ab" / f"{uuid4()}-1.0.webp"
    small.parent.mkdir(parents=True)
    small.touch()
    age(small)
    assert found() == {"stray.thumbnail"}


def test_an_upload_that_has_less_than_it_promised_is_found(
    app: Flask, alice: Browser, found: Callable[[], set[str]], instance: Path
) -> None:
    tus = Tus(alice)
    address = tus.begin(1000)
    patch(tus.client, address, 0, b"four")
    id = UUID(address.partition("?")[0].rpartition("/")[2])
    os.truncate(instance / "files" / "uploads" / "staging" / str(id), 3)
    assert found() == {"upload.short"}


@pytest.mark.sqlite
def test_a_damaged_database_is_found(app: Flask, keep: Keep, found: Callable[[], set[str]],
                                     instance: Path, books: Books) -> None:  # fmt: skip
    books.closed = "the database is damaged"
    keep("alice", "a.txt")
    with app.app_context():
        db.engine.dispose()
    with closing(sqlite3.connect(instance / "frontdesk.db")) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        ((root,),) = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ix_log_at'")
    with (instance / "frontdesk.db").open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)
    assert found() & {"database.integrity", "database.error"}


def test_it_reads_no_faster_than_it_may(app: Flask, keep: Keep) -> None:
    keep("alice", "a.txt", bytes(500_000))
    with app.app_context():
        began = time.monotonic()
        scrubbing.scrub(1_000_000)
        assert time.monotonic() - began >= 0.5


def test_of_a_great_many_findings_it_tells_some_and_counts_all(
    keep: Keep, scrub: Scrub, break_by: Callable[[str], None], app: Flask
) -> None:
    for number in range(report.MOST_TOLD + 5):
        keep("alice", f"{number}.txt", b"x")
    break_by("UPDATE files SET name = name || 'x'")
    said = scrub()
    assert len(said["findings"]) == report.MOST_TOLD
    assert said["counts"] == {"file.key": report.MOST_TOLD + 5}


def test_what_is_being_removed_meanwhile_is_no_finding(
    app: Flask, alice: Browser, keep: Keep, monkeypatch: pytest.MonkeyPatch, books: Books
) -> None:
    books.closed = "the test removes bytes by hand"
    id = UUID(keep("alice", "a.txt"))
    with app.app_context():
        blob = db.session.get_one(File, id).blob_id
        db.session.rollback()
        look_at = rereading.look_at

        def removed_first(*about: Any) -> Any:
            with transaction() as session:
                service.drop_row(session.get_one(File, id))
                session.execute(text("DELETE FROM blobs"))
            service.storage().delete(blob)
            return look_at(*about)

        monkeypatch.setattr(rereading, "look_at", removed_first)
        assert scrubbing.scrub().findings == []
        assert db.session.execute(update(Blob).values(size=1)).rowcount == 0
