"""db.py - nothing that was written is lost, and nothing is written by accident."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError, InternalError
from tests import postgresql
from tests.browser import Browser
from tests.conftest import PASSWORD

from frontdesk import create_app
from frontdesk import db as database
from frontdesk.accounts.models import LoginSession, Member
from frontdesk.db import db, now, transaction

PROCESSES = 4
ALICE = select(Member).where(Member.username == "alice")


def count_up(folder: Path, together: Any, times: int, locks: bool) -> None:
    """In a process of its own: read a number, add one, write it, and again."""
    if not locks:
        database._begin = lambda connection: None  # SQLite's
        database.ALONE = text("SELECT 1")  # PostgreSQL's
    app = create_app({"TESTING": True, "INSTANCE_PATH": str(folder)})
    with app.app_context():
        together.wait()
        for _ in range(times):
            with transaction() as session:
                alice = session.scalars(ALICE).one()
                alice.used += 1
        db.engine.dispose()


def counted(app: Flask, instance: Path, times: int, locks: bool) -> int:
    """What stands in the row after all processes have counted at the same time."""
    fork = multiprocessing.get_context("fork")
    together = fork.Barrier(PROCESSES)
    started = [
        fork.Process(target=count_up, args=(instance, together, times, locks))
        for _ in range(PROCESSES)
    ]
    for process in started:
        process.start()
    for process in started:
        process.join(60)
    assert [process.exitcode for process in started] == [0] * PROCESSES
    with app.app_context():
        return db.session.scalars(ALICE).one().used


def test_processes_that_count_at_once_lose_nothing(app: Flask, instance: Path) -> None:
    assert counted(app, instance, 200, locks=True) == PROCESSES * 200


def test_without_the_lock_at_the_beginning_they_would(app: Flask, instance: Path) -> None:
    """The test above can fail: this is the same without the lock, and nothing says so."""
    assert counted(app, instance, 50, locks=False) < PROCESSES * 50


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 10_000)],
)
def test_sqlite_is_set_to_lose_nothing(app: Flask, pragma: str, value: object) -> None:
    with app.app_context():
        assert db.session.scalar(text(f"PRAGMA {pragma}")) == value


def test_a_row_cannot_belong_to_nobody(app: Flask) -> None:
    with app.app_context(), pytest.raises(IntegrityError), transaction() as session:
        session.add(LoginSession(token_hash="x", member_id=uuid4(), expires_at=now()))


def test_a_verb_that_fails_writes_nothing(app: Flask, member: Callable[[str], Member]) -> None:
    with pytest.raises(ZeroDivisionError), transaction():
        member("alice").about = "half done"
        1 / 0  # noqa: B018
    assert member("alice").about == ""


def test_a_verb_inside_a_verb_is_a_part_of_it(app: Flask, member: Callable[[str], Member]) -> None:
    with pytest.raises(ZeroDivisionError), transaction():
        with transaction():
            member("alice").about = "the inner one ended"
        1 / 0  # noqa: B018
    assert member("alice").about == ""


def write_elsewhere(app: Flask) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(Member).values(about="newer"))


def test_a_verb_decides_on_the_newest_state(app: Flask) -> None:
    with app.test_request_context("/hello/"):
        assert db.session.scalars(ALICE).one().about == ""
        elsewhere = Thread(target=write_elsewhere, args=(app,))
        elsewhere.start()
        elsewhere.join()
        assert db.session.scalar(select(Member.about).where(Member.username == "alice")) == ""
        with transaction() as session:
            assert session.scalars(ALICE).one().about == "newer"


def _change(session: Any) -> None:
    session.scalars(ALICE).one().about = "stray"
    session.flush()


def _add(session: Any) -> None:
    session.add(Member(username="x", username_key="x", password_hash="x"))
    session.flush()


def _update(session: Any) -> None:
    session.execute(update(Member).values(about="stray"))


@pytest.mark.parametrize("write", [_change, _add, _update])
def test_a_request_cannot_write_outside_a_verb(app: Flask, write: Callable[[Any], None]) -> None:
    with (
        app.test_request_context("/hello/"),
        pytest.raises(RuntimeError, match=r"hello\.home writes outside transaction"),
    ):
        write(db.session())


@pytest.mark.parametrize("write", [_change, _add, _update])
def test_inside_a_verb_it_can(app: Flask, write: Callable[[Any], None]) -> None:
    with app.test_request_context("/hello/"), transaction() as session:
        write(session)


@pytest.mark.postgresql
def test_the_database_itself_refuses_what_a_request_writes_outside_a_verb(app: Flask) -> None:
    with app.test_request_context("/hello/"), pytest.raises(InternalError, match="read-only"):
        db.session.connection().execute(update(Member).values(about="stray"))


def test_a_nul_is_nobodys_name_and_breaks_nothing(app: Flask) -> None:
    """PostgreSQL has no NUL in texts; there it is kept as the sign for what can't be shown."""
    with app.app_context():
        assert not db.session.scalars(select(Member).where(Member.username == "ali\0ce")).all()
        with transaction() as session:
            session.execute(
                update(Member), [{"id": session.scalars(ALICE).one().id, "about": "a\0"}]
            )
        kept = db.session.scalar(select(Member.about).where(Member.username == "alice"))
    assert kept == ("a\ufffd" if postgresql.is_used() else "a\0")


@pytest.mark.postgresql
def test_who_waits_too_long_for_another_verb_is_told(
    app: Flask, monkeypatch: pytest.MonkeyPatch, carol: Browser
) -> None:
    monkeypatch.setattr(database, "ALONE", text(str(database.ALONE).replace("10s", "100ms")))
    with app.app_context(), db.engine.begin() as other:
        other.execute(database.LOCK)
        carol.visit("/login")
        assert carol.submit("login", username="alice", password="wrong").status == 503
    assert carol.log_in("alice", PASSWORD).status == 303


@pytest.mark.postgresql
def test_a_verb_that_went_silent_ends(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else everybody would wait for a machine that is gone."""
    monkeypatch.setattr(database, "ALONE", text(str(database.ALONE).replace("60s", "100ms")))
    with app.app_context(), pytest.raises(InternalError, match="idle"), transaction() as session:
        time.sleep(0.5)
        session.execute(update(Member).values(about="too late"))


@pytest.mark.postgresql
def test_it_finds_a_database_that_was_restarted(app: Flask) -> None:
    with app.app_context():
        assert db.session.scalar(text("SELECT 1")) == 1
        db.session.rollback()
        with db.engine.connect() as other:
            ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid IN (SELECT "
            ended += "pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
            other.execute(text(ended + "pg_backend_pid())"))
        assert db.session.scalar(text("SELECT 1")) == 1


def test_a_reader_does_not_wait_for_a_writer(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as writer:
        writer.execute(update(Member).values(about="not yet"))
        response = app.test_client().get("/login")
        writer.rollback()
    assert response.status_code == 200


def test_times_are_in_utc_whatever_they_came_in(
    app: Flask, member: Callable[[str], Member]
) -> None:
    noon = datetime(2026, 1, 2, 12, tzinfo=timezone(timedelta(hours=8)))
    with transaction():
        member("alice").disabled_at = noon
    db.session.expire_all()
    assert member("alice").disabled_at == noon
    assert member("alice").disabled_at.tzinfo is UTC
