"""Who wants to write to SQLite waits in a row, first come, first served.

SQLite's own waiting is blind: each sleeps up to 0.1 s and tries again, so whoever comes just then
is first. With a dozen writers some waited for more than 10 s and were told no (`bench/soak.py`).
Here one thread of each process tries, every few milliseconds; the others wait for it.
"""

from __future__ import annotations

import sqlite3
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock
from typing import Any

from sqlalchemy import Engine, event

BEGIN = "BEGIN IMMEDIATE"
PAUSE = 0.003  # seconds between two tries; the same for all, or the newest would be ahead


class Row:
    """Those of one process who wait."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: deque[Event] = deque()

    @contextmanager
    def stood(self, until: float) -> Iterator[None]:
        """Wait to be the first of it, and go on when it is too late: to be told so."""
        mine = Event()
        with self._lock:
            self._waiting.append(mine)
            self._call_first()
        try:
            mine.wait(max(0.0, until - time.monotonic()))
            yield
        finally:
            with self._lock:
                self._waiting.remove(mine)
                self._call_first()

    def _call_first(self) -> None:
        if self._waiting:
            self._waiting[0].set()

    def begin(self, cursor: Any, statement: str, *_: Any) -> bool | None:
        """SQLAlchemy's ``do_execute``: begin to write, when it is our turn."""
        if statement != BEGIN:
            return None
        (patience,) = cursor.execute("PRAGMA busy_timeout").fetchone()
        until = time.monotonic() + patience / 1000
        with self.stood(until):
            cursor.execute("PRAGMA busy_timeout=0")
            try:
                _try_until(until, cursor)
            finally:
                cursor.execute(f"PRAGMA busy_timeout={patience}")
        return True


def _try_until(until: float, cursor: Any) -> None:
    """:raise sqlite3.OperationalError: if another still writes then, or for another reason"""
    while True:
        try:
            cursor.execute(BEGIN)
            return
        except sqlite3.OperationalError as error:
            is_busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() >= until:
                raise
        time.sleep(PAUSE)


def keep(engine: Engine) -> None:
    """Let all who write through ``engine`` take turns."""
    event.listen(engine, "do_execute", Row().begin)
