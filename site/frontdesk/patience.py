"""Connections to PostgreSQL, and how long one waits for an answer: a server may stand still.

Its own timeouts don't help then, nor TCP's: the machine is there, and so are the connections. So
whoever serves a visitor waits for an answer as long as is said here, and says 503.
"""

from __future__ import annotations

from contextlib import suppress
from threading import Lock
from typing import Any, TypeVar

import psycopg
from flask import has_request_context
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, event

T = TypeVar("T")
KEPT_OPEN = 8  # connections, where a process may have more
REPLY = 15.0  # seconds; longer than one waits for those who write
PING = 3.0  # whether a connection is any good, before it is used
CANCEL = 1.0
# The last four: a machine that went without a word is noticed where no visitor waits, too.
WORDS = {
    "application_name": "frontdesk",
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,  # milliseconds
}


class Connection(psycopg.Connection[Any]):
    """One that is given up when its server doesn't answer."""

    door: Door

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """:raise psycopg.OperationalError: if there is no answer in time"""
        is_tried = self.autocommit  # by SQLAlchemy, before it is used; never otherwise
        reply = REPLY if has_request_context() else None
        try:
            return super().wait(gen, interval, timeout or (PING if is_tried else reply))
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.door.hangs = self.door.hangs or is_tried
                self._give_up()
            raise

    def _give_up(self) -> None:
        """Nobody knows what it would say next; and one that works on shall stop."""
        with suppress(psycopg.Error):
            self.cancel_safe(timeout=CANCEL)
        self.close()


class Door:
    """Where connections are made. Of a server that hangs, one at a time finds out more.

    The others are told no at once: all threads of the site would wait, and `/ak` with them.
    """

    def __init__(self) -> None:
        self.hangs = False
        self._asking = Lock()

    def connect(self, _: Any, __: Any, args: Any, words: dict[str, Any]) -> Connection:
        """SQLAlchemy's ``do_connect``."""
        if not self.hangs:
            return self._connect(*args, **words)
        if not self._asking.acquire(blocking=False):
            raise psycopg.OperationalError("PostgreSQL did not answer a moment ago")
        try:
            return self._connect(*args, **words)
        finally:
            self._asking.release()

    def _connect(self, *args: Any, **words: Any) -> Connection:
        try:
            made = Connection.connect(*args, **words)
        except psycopg.errors.ConnectionTimeout:
            self.hangs = True
            raise
        made.door, self.hangs = self, False
        return made


def pool(most: int) -> dict[str, Any]:
    """Connections of one process; each is tried before it is used, so a restart is outlived."""
    kept = min(most, KEPT_OPEN)
    sizes = {"pool_size": kept, "max_overflow": most - kept, "pool_timeout": 10}
    return {**sizes, "pool_pre_ping": True, "connect_args": WORDS}


def watch(engine: Engine) -> None:
    """Let nobody wait for a server that hangs."""
    event.listen(engine, "do_connect", Door().connect)
