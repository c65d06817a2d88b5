"""/health - ready or not, with what is wrong, within two seconds, and telling strangers no more."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import make_url, update
from tests import postgresql
from tests.browser import Browser

from frontdesk.db import db, now, transaction
from frontdesk.hello import readiness
from frontdesk.hello.readiness import Readiness
from frontdesk.jobs import Job
from frontdesk.storage import LocalStorage

NAMES = ["database", "jobs", "space", "storage"]


@pytest.fixture
def hung_database(app: Flask, instance: Path) -> Iterator[None]:
    """Somebody holds all of it: who asks waits, for as long as the busy timeout of 10 seconds."""
    with app.app_context():
        db.engine.dispose()
    with _held_in_postgresql(instance) if postgresql.is_used() else _held(instance):
        yield
    for thread in [one for one in threading.enumerate() if one.name == "health"]:
        thread.join(15)  # else it meets the end of the test


@contextmanager
def _held(instance: Path) -> Iterator[None]:
    with closing(sqlite3.connect(instance / "frontdesk.db", isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("DELETE FROM attempts")
        yield


@contextmanager
def _held_in_postgresql(instance: Path) -> Iterator[None]:
    address = make_url(postgresql.url_of(instance)).set(drivername="postgresql")
    with psycopg.connect(address.render_as_string(hide_password=False)) as other:
        other.execute("LOCK TABLE alembic_version, jobs IN ACCESS EXCLUSIVE MODE")
        yield


def test_it_is_200_when_all_is_well(carol: Browser) -> None:
    answer = carol.client.get("/health")
    assert answer.status_code == 200
    checks = answer.json.pop("checks")
    assert {name: answer.json[name] for name in ["status", *NAMES]} == dict.fromkeys(
        ["status", *NAMES], "ok"
    )
    assert sorted(checks) == NAMES
    assert all(one["status"] == "ok" and one["ms"] >= 0 for one in checks.values())


def test_it_is_503_when_nobody_does_the_jobs(carol: Browser) -> None:
    with carol.client.application.app_context(), transaction() as session:
        late = now() - timedelta(minutes=11)
        session.add(Job(kind="thumbnail", subject="1", state="waiting", due_at=late))
    answer = carol.client.get("/health")
    assert (answer.status_code, answer.json["status"]) == (503, "failing")
    assert answer.json["checks"]["jobs"]["why"] == "Nobody does what is due."
    assert [answer.json[name] for name in NAMES] == ["ok", "failing", "ok", "ok"]
    with carol.client.application.app_context(), transaction() as session:
        session.execute(update(Job).values(state="done"))
    assert carol.client.get("/health").status_code == 200


def test_it_is_503_without_a_database(
    carol: Browser, instance: Path, without_database: None
) -> None:
    if not postgresql.is_used():  # there it is gone
        (instance / "frontdesk.db").write_bytes(b"this is no database" * 500)
    answer = carol.client.get("/health")
    assert (answer.status_code, answer.json["database"]) == (503, "failing")
    assert answer.json["storage"] == answer.json["space"] == "ok"


def test_it_is_503_without_the_tables(
    carol: Browser, instance: Path, without_database: None
) -> None:
    """SQLite makes an empty database where there is none: that is not ready either."""
    postgresql.settings_of(instance)  # makes an empty one, too
    assert carol.client.get("/health").json["database"] == "failing"


def test_a_hung_database_is_not_waited_for(
    carol: Browser, hung_database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "PATIENCE", 0.2)
    answer = carol.client.get("/health")
    assert answer.status_code == 503
    assert answer.json["checks"]["database"]["why"] == "It does not answer."
    assert answer.json["checks"]["jobs"]["why"] == "It does not answer."
    assert answer.json["storage"] == "ok"
    looking = [one for one in threading.enumerate() if one.name == "health"]
    assert len(looking) == 2, "it was answered while both still waited"
    carol.client.get("/health")
    assert len([one for one in threading.enumerate() if one.name == "health"]) <= 2, "no third"


def test_it_is_503_without_room_and_reading_goes_on(
    carol: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LocalStorage, "free", lambda self: 0)
    answer = carol.client.get("/health")
    assert (answer.status_code, answer.json["storage"]) == (503, "failing")
    assert answer.json["checks"]["space"]["why"] == "Less is free than is kept free."
    assert answer.json["database"] == "ok"


def test_a_floor_above_the_disk_is_no_room_either(start: Callable[..., Flask]) -> None:
    app = start(MIN_FREE_SPACE=10**18)
    with app.app_context():  # at most a quarter of the disk is kept free
        disk = os.statvfs(app.instance_path)
        is_full = disk.f_bavail <= disk.f_blocks // 4
    assert (app.test_client().get("/health").json["space"] == "failing") is is_full


@pytest.mark.parametrize("is_open", [True, False])
def test_it_is_503_when_nothing_can_be_written(
    carol: Browser, instance: Path, is_open: bool
) -> None:
    """Root writes to folders that are read-only; a file in the folder's place stops root, too."""
    if is_open:
        assert carol.client.get("/health").json["storage"] == "ok"
    for part in (instance / "files/staging").iterdir():
        part.unlink()
    (instance / "files/staging").rmdir()
    (instance / "files/staging").touch()
    answer = carol.client.get("/health")
    assert answer.json["checks"]["storage"]["why"] == "Nothing can be written to it."
    assert (answer.status_code, answer.json["database"]) == (503, "ok")


def test_looking_leaves_nothing_behind(carol: Browser, instance: Path) -> None:
    before = sorted((instance / "files").rglob("*"))
    carol.client.get("/health")
    assert sorted((instance / "files").rglob("*")) == before


def test_it_tells_no_path_no_name_and_no_version(
    carol: Browser, instance: Path, without_database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: LocalStorage) -> int:
        raise OSError(5, "Input/output error", str(instance))

    monkeypatch.setattr(LocalStorage, "free", fail)
    monkeypatch.setattr(LocalStorage, "takes", fail)
    answer = carol.client.get("/health")
    assert answer.status_code == 503
    for word in (str(instance), "/", "sqlite", "alembic", "Error", "errno", "frontdesk"):
        assert word not in answer.text, word


def test_a_storm_of_monitors_costs_one_look(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    monkeypatch.setattr(readiness, "CHECKS", {"one": lambda: looked.append("") or ""})
    found = Readiness(app)
    found.fresh = 1_000.0
    threads = [threading.Thread(target=found.checks) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(looked) == 1
    found.fresh = 0.0
    found.checks()
    assert len(looked) == 2


def test_in_production_an_answer_holds_for_a_second(start: Callable[..., Flask]) -> None:
    assert Readiness(start(TESTING=False, JOBS="worker")).fresh == 1.0


def test_who_asks_meanwhile_gets_what_was_known(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(readiness, "CHECKS", {"one": lambda: "" if go_on.wait(10) else "late"})
    found = Readiness(app)
    go_on.set()
    assert found.checks()["one"].fine
    go_on.clear()
    slow = threading.Thread(target=found.checks)
    slow.start()
    began = time.monotonic()
    while not found._asking.locked() and time.monotonic() < began + 5:
        time.sleep(0.01)
    assert found.checks()["one"].fine, "it is not waited for"
    assert slow.is_alive()
    go_on.set()
    slow.join()
