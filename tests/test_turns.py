"""Who wants to write to SQLite is served in the order in which they came."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from frontdesk import turns

WRITERS = 8


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.db"
    with closing(opened(path)) as first:
        first.execute("PRAGMA journal_mode=wal")
        first.execute("CREATE TABLE came (number)")
    return path


def opened(path: Path, patience: float = 20) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, timeout=patience, check_same_thread=False)


def waits(row: turns.Row, number: int) -> None:
    until = time.monotonic() + 20
    while len(row._waiting) < number:
        assert time.monotonic() < until
        time.sleep(0.001)


def test_nobody_overtakes(path: Path) -> None:
    row = turns.Row()

    def write(number: int) -> None:
        with closing(opened(path)) as mine:
            assert row.begin(mine.cursor(), turns.BEGIN)
            mine.execute("INSERT INTO came VALUES (?)", [number])
            time.sleep(0.01)  # the others try meanwhile
            mine.execute("COMMIT")

    threads = [threading.Thread(target=write, args=[number]) for number in range(WRITERS)]
    with closing(opened(path)) as other:
        other.execute(turns.BEGIN)
        for number, thread in enumerate(threads, 1):
            thread.start()
            waits(row, number)
        other.execute("COMMIT")
        for thread in threads:
            thread.join()
        came = other.execute("SELECT number FROM came ORDER BY rowid").fetchall()
    assert came == [(number,) for number in range(WRITERS)]
    assert not row._waiting


def test_all_have_the_same_patience_and_leave_the_row(path: Path) -> None:
    """None of them waits for as long as all others before it."""
    row, told = turns.Row(), list[str]()

    def write() -> None:
        with closing(opened(path, 0.3)) as mine:
            try:
                row.begin(mine.cursor(), turns.BEGIN)
            except sqlite3.OperationalError as error:
                told.append(str(error))
            assert mine.execute("PRAGMA busy_timeout").fetchone() == (300,), "as it was before"

    threads = [threading.Thread(target=write) for _ in range(WRITERS)]
    with closing(opened(path)) as other:
        other.execute(turns.BEGIN)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=20)
    assert told == ["database is locked"] * WRITERS
    assert not row._waiting


def test_who_is_interrupted_while_waiting_leaves_the_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """By Ctrl+C, or SIGTERM in flask backup: those behind would wait out their patience."""
    row = turns.Row()

    def interrupted(event: threading.Event, seconds: float) -> bool:
        raise KeyboardInterrupt

    with (
        row.stood(time.monotonic() + 60),
        monkeypatch.context() as patch,
        pytest.raises(KeyboardInterrupt),
        ExitStack() as stack,
    ):
        patch.setattr(threading.Event, "wait", interrupted)
        stack.enter_context(row.stood(time.monotonic() + 60))
    assert not row._waiting


def test_what_else_is_wrong_is_told_at_once(path: Path) -> None:
    with closing(opened(path)) as mine:
        mine.execute(turns.BEGIN)
        with pytest.raises(sqlite3.OperationalError, match="within a transaction"):
            turns.Row().begin(mine.cursor(), turns.BEGIN)


def test_other_statements_are_sqlalchemys(path: Path) -> None:
    with closing(opened(path)) as mine:
        assert turns.Row().begin(mine.cursor(), "SELECT 1") is None
