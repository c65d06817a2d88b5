"""migrations/ - with rows in every table: each step keeps them, and none is ever left half done."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import event, select
from tests import contents

from frontdesk.db import db, transaction
from frontdesk.files.models import Folder
from frontdesk.files.scrub import invariants
from frontdesk.startup import MIGRATIONS

REVISIONS = [
    "base",
    *sorted(str(one.revision) for one in ScriptDirectory(str(MIGRATIONS)).walk_revisions()),
]
Way = Callable[..., None]


class PowerCut(Exception):
    """What happens in the middle of a migration."""


@pytest.fixture
def base(start: Callable[..., Flask], tmp_path: Path) -> Iterator[Flask]:
    """A site whose database has nothing yet."""
    app = start(INSTANCE_PATH=str(tmp_path / "new"))
    with app.app_context():
        downgrade(revision="base")
        yield app


@pytest.fixture
def full(app: Flask) -> Iterator[Flask]:
    """A site whose tables all have rows."""
    with app.app_context():
        contents.fill()
        yield app


def state() -> tuple[object, object]:
    """Everything that stands in the database."""
    return contents.schema(), contents.rows()


def steps() -> list[tuple[Way, str]]:
    """From the newest migration to none and back, one by one."""
    down: list[tuple[Way, str]] = [(downgrade, older) for older in REVISIONS[-2::-1]]
    return down + [(upgrade, newer) for newer in REVISIONS[1:]]


@contextmanager
def cut(when: Callable[[str, int], bool], fall: Callable[[], None] | None = None) -> Iterator[None]:
    """Fail right after the statement at which ``when`` says so: its words, and the how manieth."""
    done = 0

    def look(_: Any, __: Any, statement: str, *rest: Any) -> None:
        nonlocal done
        done += 1
        if when(statement, done):
            if fall:
                fall()
            raise PowerCut

    event.listen(db.engine, "after_cursor_execute", look)
    try:
        yield
    finally:
        event.remove(db.engine, "after_cursor_execute", look)


def kept(before: dict[str, Any], after: dict[str, Any]) -> None:
    """What has a table and a column on both sides of a step is the same on both."""
    for name in (before.keys() & after.keys()) - {"alembic_version"}:
        assert len(before[name]) == len(after[name]) > 0
        columns = before[name][0].keys() & after[name][0].keys()
        old, new = (
            sorted(repr([row[column] for column in sorted(columns)]) for row in side[name])
            for side in (before, after)
        )
        assert old == new, name


def test_each_step_keeps_what_is_there(full: Flask) -> None:
    made, before = contents.schema(), contents.rows()
    assert all(before.values()), "else this proves nothing"
    for way, revision in steps():
        way(revision=revision)
        after = contents.rows()
        kept(before, after)
        if way is upgrade:
            contents.fill()
        before = contents.rows()
    assert contents.schema() == made
    for check in (invariants.counters, invariants.paths, invariants.search):
        assert list(check()) == []


def test_a_failure_after_any_statement_leaves_all_as_it_was(full: Flask) -> None:
    cuts = 0
    for way, revision in steps():
        before, number = state(), 0
        while True:
            number += 1
            try:
                with cut(lambda _, done: done == number):  # noqa: B023  used at once
                    way(revision=revision)
                break
            except PowerCut:
                cuts += 1
                assert state() == before, f"{way.__name__} {revision}, statement {number}"
        if way is upgrade:
            contents.fill()
    assert cuts > 20 * len(REVISIONS), "each statement of each migration was the last one once"


def test_no_step_stays_if_a_later_one_fails(full: Flask) -> None:
    ways: list[tuple[Way, str]] = [(downgrade, "base"), (upgrade, "head")]
    for way, end in ways:
        before = state()
        for number in range(1, len(REVISIONS)):
            with pytest.raises(PowerCut), cut(is_step(number)):
                way(revision=end)
            assert state() == before
        way(revision=end)


def is_step(number: int) -> Callable[[str, int], bool]:
    """Whether a statement is the one by which that many migrations are done."""
    left = number

    def is_it(statement: str, _: int) -> bool:
        nonlocal left
        left -= "alembic_version" in statement and not statement.lstrip().startswith("SELECT")
        return left == 0

    return is_it


def test_the_comparison_sees_what_is_half_done(full: Flask) -> None:
    """The tests above can fail: this is one migration without its transaction."""
    before = state()
    with db.engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX ix_log_address_id")
    assert state() != before
    with pytest.raises(AssertionError):
        kept(before[1], {**contents.rows(), "log": []})  # type: ignore[dict-item]


def killed(app: Flask) -> None:
    """In a process of its own: go down to 0006, and die in the middle of 0007."""
    with app.app_context():
        db.engine.dispose(close=False)  # the parent's
        with cut(lambda _, done: done == 20, lambda: os._exit(9)):
            downgrade(revision="0006")


def test_a_process_that_is_killed_leaves_all_as_it_was(full: Flask) -> None:
    before = state()
    db.engine.dispose()
    process = multiprocessing.get_context("fork").Process(target=killed, args=(full,))
    process.start()
    process.join(60)
    assert process.exitcode == 9
    assert state() == before


def climb(app: Flask, together: Any) -> None:
    """In a process of its own: go up at the same moment as others."""
    with app.app_context():
        db.engine.dispose(close=False)
        together.wait()
        upgrade()


def test_several_that_migrate_at_once_do_it_once(base: Flask) -> None:
    """Machines that share a database share no folder with a lock in it."""
    db.engine.dispose()
    fork = multiprocessing.get_context("fork")
    together = fork.Barrier(3)
    started = [fork.Process(target=climb, args=(base, together)) for _ in range(3)]
    for process in started:
        process.start()
    for process in started:
        process.join(60)
    assert [process.exitcode for process in started] == [0, 0, 0]
    assert contents.rows()["alembic_version"] == [{"version_num": REVISIONS[-1]}]


def test_folders_in_the_bin_come_back_apart(full: Flask) -> None:
    """Below 0004 there is no bin of folders, and no two names are alike."""
    key = "ß" * 127
    with transaction() as session:
        home = session.scalars(select(Folder).where(Folder.parent_id.is_(None))).first()
        assert home
        for deleted_at in (contents.BORN, None):
            facts = {"name": key, "name_key": key, "path": key, "path_key": key}
            facts |= {"owner_id": home.owner_id, "parent_id": home.id, "deleted_at": deleted_at}
            session.add(Folder(**facts))
    downgrade(revision="0003")
    names = [row["name"] for row in contents.rows()["folders"]]
    assert len({name for name in names if name.startswith("ßß")}) == 2
