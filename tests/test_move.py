"""flask move - a site's database taken to PostgreSQL and back, row by row, or not at all."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import create_engine, func, insert, select, text, update
from tests import contents, postgresql
from tests.browser import Browser
from tests.conftest import PASSWORD

from frontdesk import create_app, transfer
from frontdesk import db as database
from frontdesk.accounts import service as accounts
from frontdesk.audit import LogEntry
from frontdesk.db import Base, db, transaction
from frontdesk.files import arrivals
from frontdesk.files import service as files
from frontdesk.files.models import Blob, Upload
from frontdesk.files.scrub import invariants
from frontdesk.posts.models import Post

pytestmark = pytest.mark.postgresql

PLACES = [("", "a.txt"), ("Müll", "b.txt"), ("Müll/B", "c.txt"), ("Müll/B", "d.txt")]
CONTENT = b"what is in all of them"
# Right to left, a sign of two code points, one beyond 16 bits, line ends, and what SQL reads.
ODD = "\u202eabc e\u0301 👩🏽‍🚀 \U0010ffff \r\n\t\x01\x7f % %s :x ' \" \\ \ufeff\ufffe"
FACTS = {"b": [1, 2**70, -0.1, None, True, ODD], "a": {"ü": "\u0000\ud83d"}, "": []}
MOMENT = datetime(2026, 10, 25, 0, 59, 59, 999999, tzinfo=UTC)
BIG = 2**63 - 1
HIGHEST = 2_000_000_000


@pytest.fixture(scope="module")
def filled(
    tmp_path_factory: pytest.TempPathFactory, quick_passwords: None, own_databases: None
) -> Path:
    """An instance folder on SQLite: each table has rows, and folders lie in folders."""
    folder = tmp_path_factory.mktemp("filled")
    chosen = {"TESTING": True, "INSTANCE_PATH": str(folder), "MIN_FREE_SPACE": 0}
    app = create_app(chosen | {"DATABASE_URL": "sqlite:///frontdesk.db"})
    with app.app_context():
        *_, alice = [accounts.create(name, PASSWORD).id for name in ("bob", "root", "alice")]
        for path, name in PLACES:
            with files.storage().begin() as staged:
                staged.write(CONTENT)
                arrivals.take_in(alice, path.split("/") if path else [], name, staged, "number")
        contents.fill()  # the first two get second steps
        with transaction() as session:
            session.add(LogEntry(what="test.odd", who=ODD, at=MOMENT, facts=FACTS))
            session.add(Post(id=HIGHEST, sender_id=alice, message=ODD))
            session.execute(update(Upload).values(reserved=BIG))
            session.execute(update(Blob).values(kept_for=UUID(int=2**128 - 1)))
        db.engine.dispose()
    return folder


@pytest.fixture
def site(filled: Path, start: Callable[..., Flask], tmp_path: Path) -> Flask:
    shutil.copytree(filled, tmp_path / "old")
    return start(INSTANCE_PATH=str(tmp_path / "old"), DATABASE_URL="sqlite:///frontdesk.db")


@pytest.fixture
def target(tmp_path: Path) -> str:
    return postgresql.url_of(tmp_path / "target")


def move(app: Flask, url: str, *more: str) -> Result:
    return app.test_cli_runner().invoke(args=["move", "--database", url, *more])


def all_of(app: Flask) -> object:
    """Everything that stands in its database."""
    with app.app_context():
        return contents.schema(), contents.rows()


def counts(url: str) -> dict[str, int]:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {
            name: connection.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
        }
    engine.dispose()
    return found


def wrong(app: Flask) -> list[str]:
    with app.app_context():
        checks = (invariants.counters, invariants.paths, invariants.search)
        return [finding.says for check in checks for finding in check()]


def test_every_row_is_there_afterwards(
    site: Flask, target: str, start: Callable[..., Flask], tmp_path: Path
) -> None:
    there = f"sqlite:///{tmp_path}/old/frontdesk.db"
    before, wrong_before = counts(there), wrong(site)
    all_before = all_of(site)
    done = move(site, target, "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.output)["tables"]
    assert {name: one["rows"] for name, one in said.items()} == before == counts(target)
    assert all(before.values()), "else this proves nothing"
    assert all_of(site) == all_before, "it is only read"
    assert all(len(one["sha256"]) == 64 for one in said.values())
    new = start(INSTANCE_PATH=str(tmp_path / "old"), DATABASE_URL=target)
    assert wrong(new) == wrong_before
    back = move(new, f"sqlite:///{tmp_path}/back.db", "--json")
    assert back.exit_code == 0, back.output
    assert json.loads(back.output)["tables"] == said, "the same digests both ways"


def test_it_says_what_to_set(site: Flask, target: str) -> None:
    said = move(site, target).output
    assert f"DATABASE_URL = '{target}'" in said and "rows in" in said and "\nfolders\t" in said


def test_numbers_go_on_after_the_highest(
    site: Flask, target: str, start: Callable[..., Flask], tmp_path: Path
) -> None:
    assert move(site, target).exit_code == 0
    new = start(INSTANCE_PATH=str(tmp_path / "old"), DATABASE_URL=target)
    with new.app_context(), transaction() as session:
        alice = session.scalars(select(Post.sender_id).where(Post.id == HIGHEST)).one()
        made = insert(Post).values(sender_id=alice).returning(Post.id)
        assert [session.scalar(made), session.scalar(made)] == [HIGHEST + 1, HIGHEST + 2]
        highest = session.scalar(select(func.max(LogEntry.id))) or 0
        logged = insert(LogEntry).values(what="test.next").returning(LogEntry.id)
        assert session.scalar(logged) == highest + 1


def test_the_site_goes_on_there(
    site: Flask, target: str, start: Callable[..., Flask], tmp_path: Path
) -> None:
    assert move(site, target).exit_code == 0
    new = start(INSTANCE_PATH=str(tmp_path / "old"), DATABASE_URL=target)
    browser = Browser(new.test_client())
    assert browser.log_in("alice", PASSWORD).status == 303
    assert browser.visit("/path/Müll/B/c.txt?download=1").response.data == CONTENT
    assert "d.txt" in browser.visit("/path/Müll/B").text


def test_odd_rows_are_the_same(
    site: Flask, target: str, start: Callable[..., Flask], tmp_path: Path
) -> None:
    """Each seen with one's own eyes, not by the command's comparison."""
    assert move(site, target).exit_code == 0
    new = start(INSTANCE_PATH=str(tmp_path / "old"), DATABASE_URL=target)
    with new.app_context():
        entry = db.session.scalars(select(LogEntry).where(LogEntry.what == "test.odd")).one()
        assert (entry.who, entry.at, entry.facts) == (ODD, MOMENT, FACTS)
        assert set(db.session.scalars(select(Upload.reserved))) == {BIG}
        assert set(db.session.scalars(select(Blob.kept_for))) == {UUID(int=2**128 - 1)}


def test_a_target_that_is_not_empty_is_refused(site: Flask, target: str) -> None:
    assert move(site, target).exit_code == 0
    before = counts(target)
    again = move(site, target)
    assert again.exit_code == 1 and "is not empty" in again.output
    assert counts(target) == before


def test_a_strangers_table_is_refused(site: Flask, target: str) -> None:
    engine = create_engine(target)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE theirs (id integer)"))
    said = move(site, target)
    assert said.exit_code == 1 and "it has theirs" in said.output
    engine.dispose()


def test_killed_in_the_middle_it_leaves_an_empty_target_to_fill_again(
    site: Flask, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a process of its own that ends without a word once most rows are written."""
    child = os.fork()
    if child == 0:
        monkeypatch.setattr(transfer, "_number_on", lambda _: os._exit(9))
        with site.app_context():
            db.engine.dispose(close=False)
        move(site, target)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert set(counts(target).values()) == {0}
    assert move(site, target).exit_code == 0


def test_a_row_that_changes_on_the_way_stops_it(
    site: Flask, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill = transfer._fill

    def fill_wrongly(table: Any, old: Any, new: Any) -> None:
        fill(table, old, new)
        if table.name == "members":
            new.execute(text("UPDATE members SET about = 'x' WHERE username = 'alice'"))

    monkeypatch.setattr(transfer, "_fill", fill_wrongly)
    said = move(site, target)
    assert said.exit_code == 1 and "members is another one there" in said.output
    assert set(counts(target).values()) == {0}


@pytest.mark.parametrize(
    ("words", "why"),
    [("x" * 99, "members doesn't fit"), ("a\0b", "members is another one there")],
    ids=["long", "zero byte"],
)
def test_what_does_not_fit_is_said(site: Flask, target: str, words: str, why: str) -> None:
    """SQLite keeps longer words than a column says, and zero bytes, which PostgreSQL can't."""
    with site.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE members SET timezone = ?", (words,))
    said = move(site, target)
    assert said.exit_code == 1 and why in said.output
    assert set(counts(target).values()) == {0}


def test_a_site_that_is_being_written_is_refused(site: Flask, target: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "old/frontdesk.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with site.app_context():
            db.engine.dispose()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(database, "PRAGMAS", ("busy_timeout=1", *database.PRAGMAS[1:]))
            said = move(site, target)
    assert said.exit_code == 1 and "is being written" in said.output
    assert set(counts(target).values()) == {0}


@pytest.mark.parametrize("url", ["mysql://x/y", "", "postgresql://x/y"])
def test_another_kind_is_refused(site: Flask, url: str) -> None:
    said = move(site, url)
    assert said.exit_code == 1 and "--database must be" in said.output
