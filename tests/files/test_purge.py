"""files/purge.py - what is over goes for good, and nothing else does."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from flask import Flask
from sqlalchemy import delete, event, select, update
from tests.browser import Browser
from tests.files.conftest import names_on
from tests.files.images import drawn
from tests.files.tus import TUS, Tus, offset, patch

from frontdesk import jobs, turns
from frontdesk.accounts import expiry
from frontdesk.accounts.models import Attempts, LoginSession, Member, Token
from frontdesk.audit import LogEntry
from frontdesk.db import db, now, transaction
from frontdesk.files import reservations, service
from frontdesk.files.models import Blob, File, Upload


@pytest.fixture
def tus(alice: Browser) -> Tus:
    return Tus(alice)


@pytest.fixture
def purge(app: Flask) -> Callable[[], str]:
    """Types the command; what it printed."""

    def purge(*words: str) -> str:
        done = app.test_cli_runner().invoke(args=["purge", *words])
        assert done.exit_code == 0, done.output
        return done.output

    return purge


@pytest.fixture
def folder(app: Flask) -> Iterator[Path]:
    """Where storage keeps its files."""
    with app.app_context():
        found = service.storage().beside("uploads").parent
    yield found


def age(folder: Path, days: float) -> None:
    """Let everything that lies there be so old."""
    then = time.time() - days * 86_400
    for path in folder.rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))


def put_in_bin(app: Flask, file_id: str, days: int) -> None:
    with app.app_context():
        gone = now() - timedelta(days=days)
        db.session.execute(update(File).where(File.id == UUID(file_id)).values(deleted_at=gone))
        db.session.commit()


def nothing(said: str) -> bool:
    return not re.search("[1-9]", said)


def test_with_nothing_over_nothing_goes(
    tus: Tus, alice: Browser, purge: Callable[[], str], folder: Path
) -> None:
    address = tus.begin(1000)
    tus.send("a.txt", b"content")
    age(folder, 5)
    assert nothing(purge())
    assert offset(tus.client, address) == 0
    assert names_on(alice.visit("/path/")) == ["a.txt"]


def test_an_expired_upload_gives_its_space_back(
    app: Flask, tus: Tus, alice: Browser, purge: Callable[[], str], folder: Path
) -> None:
    address = tus.begin(1000)
    patch(tus.client, address, 0, b"four")
    age(folder / "uploads" / "staging", 8)
    assert tus.client.head(address, headers=TUS).status_code == 410
    assert "Unfinished" not in alice.visit("/upload").html.get_text()
    assert purge().startswith("Removed: 1 uploads")
    assert nothing(purge())
    assert tus.client.head(address, headers=TUS).status_code == 404
    with app.app_context():
        assert db.session.scalar(select(Member.reserved).where(Member.username == "alice")) == 0
        assert db.session.scalars(select(Upload)).all() == []
    assert not list((folder / "uploads" / "staging").iterdir())


def test_the_record_of_a_finished_one_goes_and_the_file_stays(
    tus: Tus, alice: Browser, purge: Callable[[], str], folder: Path
) -> None:
    tus.send("a.txt", b"content")
    age(folder / "uploads" / "staging", 8)
    assert purge().startswith("Removed: 1 uploads")
    assert alice.client.get("/path/a.txt?download=1", buffered=True).data == b"content"


def test_space_that_a_crash_left_held_is_given_back(
    app: Flask, tus: Tus, purge: Callable[[], str], folder: Path
) -> None:
    tus.begin(1000)
    for path in (folder / "uploads" / "staging").iterdir():
        path.unlink()
    assert nothing(purge()), "it may be on its way in"
    with app.app_context():
        db.session.execute(update(Upload).values(created_at=now() - timedelta(days=2)))
        db.session.commit()
    assert purge().startswith("Removed: 1 uploads")


@pytest.mark.parametrize(("days", "is_there"), [(29, True), (31, False)])
def test_the_bin_keeps_for_thirty_days(
    app: Flask,
    keep: Callable[..., str],
    purge: Callable[[], str],
    used: Callable[[str], int],
    days: int,
    is_there: bool,
) -> None:
    put_in_bin(app, keep("alice", "a.txt", b"12345"), days)
    keep("alice", "b.txt", b"123")
    assert nothing(purge()) is is_there
    assert used("alice") == (8 if is_there else 3)
    with app.app_context():
        assert len(db.session.scalars(select(Blob)).all()) == (2 if is_there else 1)


def test_thumbnails_go_with_their_blob(
    app: Flask, alice: Browser, keep: Callable[..., str], purge: Callable[[], str], instance: Path
) -> None:
    id = keep("alice", "a.png", drawn())
    assert alice.client.get(f"/file/{id}/thumbnail/1.0", buffered=True).status_code == 200
    assert list((instance / "thumbnails").rglob("*.webp"))
    put_in_bin(app, id, 31)
    assert "1 files, 1 blobs, 0 strays, 0 previews" in purge()
    assert not list((instance / "thumbnails").rglob("*.webp"))


def test_bytes_that_a_post_still_holds_stay(
    app: Flask, alice: Browser, bob: Browser, keep: Callable[..., str], purge: Callable[[], str]
) -> None:
    from frontdesk.posts.models import Post, PostFile

    id = keep("alice", "a.txt", b"12345")
    with app.app_context():
        file = db.session.get_one(File, UUID(id))
        post = Post(sender_id=file.owner_id, message="")
        db.session.add(post)
        db.session.flush()
        db.session.add(
            PostFile(post_id=post.id, blob_id=file.blob_id, name="a.txt", size=5, media_type="x/y")
        )
        db.session.commit()
    put_in_bin(app, id, 31)
    assert "1 files, 0 blobs" in purge()


@pytest.mark.parametrize(("days", "is_there"), [(0.5, True), (2, False)])
def test_old_bytes_without_a_row_go(
    purge: Callable[[], str], folder: Path, books: object, days: float, is_there: bool
) -> None:
    id = uuid4()
    stray = folder / id.hex[:2] / str(id)
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"content")
    age(stray.parent, days)
    purge()
    assert stray.exists() is is_there
    stray.unlink(missing_ok=True)


def test_bytes_of_an_upload_that_waits_for_its_row_stay(
    app: Flask, tus: Tus, folder: Path, purge: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from frontdesk.files import uploads

    app.config["PROPAGATE_EXCEPTIONS"] = False
    address = tus.begin(7, "a.txt")
    id = UUID(address.partition("?")[0].rpartition("/")[2])
    with monkeypatch.context() as patched:
        patched.setattr(uploads, "_take_over", lambda *_: 1 / 0)
        assert patch(tus.client, address, 0, b"content").status_code == 500
        age(folder / id.hex[:2], 2)
        assert nothing(purge())
    assert "0 strays" in purge()
    assert offset(tus.client, address) == 7


def test_what_was_not_hashed_yet_is_hashed(
    app: Flask, alice: Browser, keep: Callable[..., str], purge: Callable[[], str]
) -> None:
    keep("alice", "a.txt")
    with app.app_context():
        db.session.execute(update(Blob).values(sha256=""))
        db.session.commit()
    assert "not computed yet" in alice.visit("/path/a.txt").html.get_text()
    assert len(alice.client.get("/path/a.txt?download=1", buffered=True).headers["ETag"]) == 34
    purge()  # the books compare it with the bytes


def test_releasing_twice_is_once(app: Flask, tus: Tus) -> None:
    tus.begin(1000)
    with app.app_context():
        id = db.session.scalars(select(Upload.id)).one()
        reservations.release(id)
        reservations.release(id)


# Beside visitors


@pytest.mark.sqlite
def test_it_takes_the_lock_for_what_goes_not_for_each_file(
    app: Flask, keep: Callable[..., str], purge: Callable[..., str], folder: Path
) -> None:
    """On a site of 30,000 files it was taken 20,000 times."""
    begun = list[str]()

    def note(*facts: Any) -> None:
        begun.append(facts[2])

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
    counts = []
    for _ in range(2):
        for number in range(5):
            keep("alice", f"{len(counts)}-{number}.txt")
        age(folder, 5)
        begun.clear()
        purge()
        counts.append(begun.count(turns.BEGIN))
    assert 0 < counts[0] == counts[1]


def test_what_ended_goes_some_at_a_time(
    app: Flask, purge: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "AT_ONCE", 2)
    with app.app_context(), transaction() as session:
        session.execute(delete(Attempts))
        session.add_all([Attempts(key=f"k{n}", since=n, count=1) for n in range(5)])
    assert "5 logins" in purge()
    with app.app_context():
        assert db.session.scalars(select(Attempts)).all() == []


# The clock


def jump(app: Flask, **by: float) -> None:
    """The last purge was so long ago."""
    with app.app_context(), transaction() as session:
        moment = now() - timedelta(**by)
        session.execute(update(LogEntry).where(LogEntry.what.like("purge%")).values(at=moment))


@pytest.mark.parametrize("by", [{"days": 3}, {"hours": -1}], ids=["far on", "back"])
def test_when_the_clock_jumps_nothing_expires_until_one_bears_witness(
    app: Flask, keep: Callable[..., str], purge: Callable[..., str], by: dict[str, float]
) -> None:
    """Two days begin within a minute, if it jumps shortly before midnight; half a day is half."""
    purge()
    put_in_bin(app, keep("alice", "a.txt"), 31)
    jump(app, **by)
    for _ in range(3):
        said = purge()
        assert said.startswith("The clock jumped") and "0 files" in said
        jump(app, hours=5.9)
    jump(app, hours=12.1)
    assert "1 files" in purge()


def test_a_clock_that_jumps_and_comes_back_has_removed_nothing(
    app: Flask, keep: Callable[..., str], purge: Callable[..., str], tus: Tus
) -> None:
    purge()
    put_in_bin(app, keep("alice", "a.txt"), 29)
    address = tus.begin(1000)
    patch(tus.client, address, 0, b"four")
    with time_machine.travel(now() + timedelta(days=400), tick=False):
        assert purge().startswith("The clock jumped")
    assert purge().startswith("The clock jumped"), "it went back"
    with time_machine.travel(now() + timedelta(hours=13), tick=False):
        assert purge().startswith("Removed: 0 uploads, 0 staged, 0 files, 0 blobs, 0 strays")
    assert offset(tus.client, address) == 4


def test_a_day_later_the_clock_is_believed(
    app: Flask, keep: Callable[..., str], purge: Callable[..., str]
) -> None:
    purge()
    put_in_bin(app, keep("alice", "a.txt"), 31)
    jump(app, days=1.5)
    assert "1 files" in purge()


def test_by_force_it_is_believed_at_once(
    app: Flask, keep: Callable[..., str], purge: Callable[..., str]
) -> None:
    purge()
    put_in_bin(app, keep("alice", "a.txt"), 31)
    jump(app, days=3)
    assert "1 files" in purge("--force")


# What else there is


def test_for_programs_it_counts_in_json(
    app: Flask, keep: Callable[..., str], purge: Callable[..., str]
) -> None:
    put_in_bin(app, keep("alice", "a.txt"), 31)
    assert json.loads(purge("--json")) == {
        "uploads": 0, "staged": 0, "files": 1, "blobs": 1, "strays": 0, "previews": 0, "jobs": 0,
        "logins": 0, "log": 0, "members": 0, "waited": False,
    }  # fmt: skip


def test_the_log_says_what_it_removed(
    app: Flask, keep: Callable[..., str], purge: Callable[..., str]
) -> None:
    put_in_bin(app, keep("alice", "a.txt"), 31)
    purge()
    with app.app_context():
        said = db.session.scalars(select(LogEntry.facts).where(LogEntry.what == "purge")).one()
    assert (said["files"], said["blobs"], said["strays"]) == (1, 1, 0)


def test_jobs_that_ended_a_week_ago_are_forgotten(app: Flask, purge: Callable[..., str]) -> None:
    with app.app_context(), transaction() as session:
        for days, state in ((6, "done"), (8, "done"), (8, "failed"), (8, "waiting")):
            ended = now() - timedelta(days=days)
            session.add(jobs.Job(kind=state, subject=str(days), state=state, ended_at=ended))
    assert "2 jobs" in purge()


def test_what_has_ended_of_log_ins_goes(app: Flask, purge: Callable[..., str]) -> None:
    with app.app_context(), transaction() as session:
        alice = session.scalars(select(Member.id).where(Member.username == "alice")).one()
        for days in (-1, 1, 31):
            ended, name = now() - timedelta(days=days), f"{days}"
            session.add(LoginSession(token_hash=name, member_id=alice, expires_at=ended))
            session.add(
                Token(name=name, token_hash=name, scope="read", member_id=alice, expires_at=ended)
            )
        session.add(Attempts(key="a", since=1))
    assert "4 logins" in purge()
    with app.app_context():
        assert set(db.session.scalars(select(Token.name))) == {"-1", "1"}
        assert "-1" in db.session.scalars(select(LoginSession.token_hash)).all()


def test_pictures_of_what_is_gone_go(
    app: Flask, instance: Path, purge: Callable[..., str], keep: Callable[..., str]
) -> None:
    keep("alice", "a.png", drawn())
    for folder in ("thumbnails", "previews"):
        id = uuid4()
        stray = instance / folder / id.hex[:2] / f"{id}-1.0.webp"
        stray.parent.mkdir(parents=True, exist_ok=True)
        stray.touch()
        os.utime(stray, (0, 0))
    assert "2 previews" in purge()
    assert nothing(purge())
    assert list((instance / "thumbnails").rglob("*.webp"))


def test_the_server_does_it_each_day(app: Flask, keep: Callable[..., str]) -> None:
    put_in_bin(app, keep("alice", "a.txt"), 31)
    with app.app_context():
        jobs.runner().look()
        assert jobs.state("purge", now().date().isoformat()) == "done"
        assert db.session.scalars(select(File)).all() == []
