"""check/inside/ - what is wrong with machine, database, storage and upkeep is found there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from errno import ENOSPC
from pathlib import Path

import pytest
import time_machine
from aiosmtpd.controller import Controller
from flask import Flask
from tests import postgresql
from tests.check.fronts import free_port

from frontdesk.audit import LogEntry
from frontdesk.check import inside
from frontdesk.check.finding import Finding
from frontdesk.check.inside import database, letters, upkeep
from frontdesk.db import db, now, reading, transaction
from frontdesk.files import purge, scrub
from frontdesk.files import service as files
from frontdesk.storage import LocalStorage, Staged


@pytest.fixture(autouse=True)
def tests_need_not_outlive_a_power_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' PostgreSQL doesn't sync, which a look rightly finds."""
    if postgresql.is_used():
        monkeypatch.setattr(database, "SAFE", {})


def found(app: Flask, look: Callable[[], list[Finding]] = inside.quick) -> dict[str, Finding]:
    with app.app_context(), reading():
        return {one.id: one for one in look()}


def levels(app: Flask, look: Callable[[], list[Finding]] = inside.quick) -> dict[str, str]:
    return {id: one.level for id, one in found(app, look).items() if one.level != "ok"}


def note(app: Flask, what: str, **facts: object) -> None:
    with app.app_context(), transaction() as session:
        session.add(LogEntry(what=what, facts=facts))


def test_of_a_new_site_only_backup_and_mail_are_missing(app: Flask) -> None:
    assert levels(app, inside.thorough) == {"inside.backup": "warning", "inside.mail": "warning"}


@pytest.mark.parametrize(
    "key", ["short but random 1", "x" * 64, "change-me-please-0123456789abcdef"]
)
def test_a_key_that_can_be_guessed(start: Callable[..., Flask], key: str) -> None:
    assert levels(start(SECRET_KEY=key))["inside.secret"] == "wrong"


def test_what_others_can_read(app: Flask, instance: Path) -> None:
    (instance / "secret-key").chmod(0o644)
    one = found(app)["inside.permissions"]
    assert (one.level, one.change.line) == ("wrong", f"chmod o-rwx {instance}/secret-key")


def test_a_clock_that_went_back(app: Flask) -> None:
    with app.app_context(), transaction() as session:
        session.add(LogEntry(what="x", at=now() + timedelta(hours=1)))
    assert levels(app)["inside.clock"] == "wrong"


def test_a_database_of_another_version(app: Flask) -> None:
    with app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    assert levels(app)["inside.migrated"] == "wrong"


def test_a_database_on_a_network_file_system(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/sda1 / ext4 rw 0 0\nserver:/x /srv nfs4 rw 0 0\n")
    assert database.filesystem(Path("/srv/frontdesk.db"), mounts) == "nfs4"
    assert database.filesystem(Path("/srvx/frontdesk.db"), mounts) == "ext4"
    assert database.filesystem(Path("/x"), tmp_path / "none") == ""


@pytest.mark.sqlite
def test_a_database_that_does_not_sync(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("frontdesk.db.PRAGMAS", ("journal_mode=wal", "synchronous=normal"))
    with app.app_context():
        db.engine.dispose()
    assert levels(app)["inside.database"] == "wrong"


@pytest.mark.postgresql
def test_a_postgresql_that_does_not_sync(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "SAFE", {"enable_sort": "off"})
    one = found(app)["inside.database"]
    assert (one.level, one.facts["names"]) == ("wrong", "enable_sort")
    assert one.change.line == "enable_sort = on"


@pytest.mark.postgresql
def test_what_else_is_looked_at_in_postgresql(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    many = found(app)
    assert {many[f"inside.{one}"].level for one in ("database", "search", "database-clock")} == {
        "ok"
    }
    monkeypatch.setattr(database, "OLDEST", 9_990_000)
    monkeypatch.setattr(database, "now", lambda: now() + timedelta(minutes=1))
    with app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql("DROP EXTENSION pg_trgm CASCADE")
    assert levels(app).items() >= {
        ("inside.database", "wrong"),
        ("inside.search", "warning"),
        ("inside.database-clock", "wrong"),
    }


def test_a_storage_that_keeps_nothing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(staged: Staged) -> None:
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr(Staged, "keep", full)
    one = found(app, inside.thorough)["inside.storage"]
    assert one.level == "wrong" and "No space left" in one.facts["why"]


def test_a_look_leaves_nothing_in_the_storage(app: Flask, instance: Path) -> None:
    with app.app_context():
        files.storage()
    before = sorted(path for path in (instance / "files").rglob("*") if path.is_file())
    assert found(app, inside.thorough)["inside.storage"].level == "ok"
    assert sorted(path for path in (instance / "files").rglob("*") if path.is_file()) == before


@pytest.mark.parametrize(("free", "level"), [(900, "wrong"), (2_000, "warning"), (9_000, None)])
def test_a_disk_that_fills(
    start: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch, free: int, level: str | None
) -> None:
    monkeypatch.setattr(LocalStorage, "free", lambda storage: free)
    assert levels(start(MIN_FREE_SPACE=1_000)).get("inside.room") == level


def test_what_has_not_happened_for_long(app: Flask, keep: Callable[..., str]) -> None:
    keep("alice", "a.txt")
    note(app, "backup")
    with app.app_context():
        purge.purge()
        scrub.scrub()
    assert levels(app) == {}
    with time_machine.travel(datetime.now(UTC) + timedelta(days=40)):
        late = levels(app)
    late.pop("inside.database-clock", None)  # PostgreSQL's own didn't travel
    assert late == dict.fromkeys(["inside.purge", "inside.scrub", "inside.backup"], "warning")


def test_what_went_wrong_last_time(app: Flask) -> None:
    note(app, "scrub", books=2)
    note(app, "backup")
    note(app, "backup.failed", why="There is no room.")
    assert found(app)["inside.backup"].words == "The last backup failed: There is no room."
    assert levels(app) == {"inside.scrub": "wrong", "inside.backup": "wrong"}
    note(app, "backup", near=True)
    assert levels(app)["inside.backup"] == "warning"


def test_with_systemd_the_timer_backs_up_and_not_the_server(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its unit lets the server write to no other folder: BACKUP_TO would fail each night."""
    assert "BACKUP_TO" in found(app)["inside.backup"].change.line
    monkeypatch.setattr(upkeep, "TIMER", tmp_path / "frontdesk-backup.timer")
    upkeep.TIMER.touch()
    told = found(app)["inside.backup"].change.line
    assert told == "systemctl enable --now frontdesk-backup.timer"
    note(app, "backup", near=True)
    assert found(app)["inside.backup"].change.file == "/etc/fstab"


def test_one_that_breaks_does_not_silence_the_others(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Iterator[Finding]:
        raise RuntimeError("lost")
        yield

    monkeypatch.setattr(inside, "QUICK", (broken, *inside.QUICK))
    many = found(app)
    assert many["broken"].facts == {"check": "broken", "why": "RuntimeError: lost"}
    assert len(many) > 8


# The mail server


class Taker:
    """Takes what comes, and remembers it."""

    def __init__(self) -> None:
        self.letters: list[object] = []

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        self.letters.append(envelope)
        return "250 OK"


@pytest.fixture
def server() -> Iterator[Controller]:
    controller = Controller(Taker(), "127.0.0.1", free_port())
    controller.start()
    yield controller
    controller.stop()


def mailing(start: Callable[..., Flask], url: str) -> Flask:
    return start(MAIL_URL=url, MAIL_FROM="desk@example.org", PUBLIC_URL="https://example.org")


def one_of(app: Flask) -> Finding:
    return found(app, lambda: list(letters.letters()))["inside.mail"]


def test_a_mail_server_is_greeted_and_given_nothing(
    start: Callable[..., Flask], server: Controller
) -> None:
    assert one_of(mailing(start, f"smtp://127.0.0.1:{server.port}")).level == "ok"
    assert server.handler.letters == []


def test_a_mail_server_that_is_not_there_or_refuses(
    start: Callable[..., Flask], server: Controller
) -> None:
    assert one_of(mailing(start, "smtp://127.0.0.1:1")).level == "wrong"
    assert one_of(mailing(start, f"smtp://ada:secret@127.0.0.1:{server.port}")).level == "wrong"
    assert one_of(mailing(start, f"smtps://127.0.0.1:{server.port}")).level == "wrong"
    assert one_of(mailing(start, "folder:mail")).level == "warning"
