"""What took long, as lines of the log: statements by SLOW_QUERY, requests by SLOW_REQUEST.

A statement is told as it was written, with placeholders: what they stood for is people's.
"""

from __future__ import annotations

import logging
import time
from threading import Lock
from typing import Any

from flask import Flask, Response, g, has_app_context, request
from sqlalchemy import Engine, event

from frontdesk.db import db
from frontdesk.watching import counts, tracing

LONGEST = 1_000  # characters of a statement
MOST_LINES, WINDOW = 30, 60.0  # so many lines in so many seconds; what is more is only counted
LARGE = 1_000_000  # a request that brings more bytes takes as long as who sends it

_lines = logging.getLogger(__name__)


class Allowance:
    """At most ``most`` lines in ``window`` seconds; how many had to be left out comes with one."""

    def __init__(self, most: int = MOST_LINES, window: float = WINDOW) -> None:
        self.most, self.window = most, window
        self._lock = Lock()
        self._since, self._used, self._left_out = 0.0, 0, 0

    def take(self) -> int | None:
        """How many were left out since the last line; None if this one is."""
        with self._lock:
            now = time.monotonic()
            if not self._used or now - self._since > self.window:
                self._since, self._used = now, 0
            if self._used >= self.most:
                self._left_out += 1
                return None
            self._used += 1
            left_out, self._left_out = self._left_out, 0
            return left_out


class Watch:
    """What one site does with its statements and requests."""

    def __init__(self, app: Flask) -> None:
        self.query = app.config["SLOW_QUERY"] / 1000
        self.request = app.config["SLOW_REQUEST"] / 1000
        self.traces = bool(app.config["OTLP_ENDPOINT"])
        self.queries, self.requests = Allowance(), Allowance()

    def before(
        self, connection: Any, cursor: Any, text: str, values: Any, context: Any, many: bool
    ) -> None:
        context.began = time.perf_counter()

    def after(
        self, connection: Any, cursor: Any, text: str, values: Any, context: Any, many: bool
    ) -> None:
        took = time.perf_counter() - context.began
        if self.request and has_app_context():
            asked = g.setdefault("asked", [0, 0.0])
            asked[0] += 1
            asked[1] += took
        if self.traces:
            tracing.statement(text, took)
        if 0 < self.query <= took:
            self._tell_query(text, took)

    def _tell_query(self, text: str, took: float) -> None:
        counts.add("slow query", counts.endpoint())
        if (left_out := self.queries.take()) is not None:
            facts = {"statement": shortened(text), "ms": round(took * 1000, 1)}
            facts |= {"endpoint": counts.endpoint(), "left_out": left_out}
            _lines.warning("slow query", extra=facts)

    def end(self, response: Response) -> Response:
        took = counts.seconds()
        if 0 < self.request <= took and (request.content_length or 0) <= LARGE:
            self._tell_request(response, took)
        return response

    def _tell_request(self, response: Response, took: float) -> None:
        counts.add("slow request", counts.endpoint())
        if (left_out := self.requests.take()) is not None:
            number, seconds = g.get("asked", (0, 0.0))
            facts: dict[str, object] = {"endpoint": counts.endpoint(), "method": counts.method()}
            facts |= {"status": response.status_code, "ms": round(took * 1000, 1)}
            facts |= {"queries": number, "queries_ms": round(seconds * 1000, 1)}
            _lines.warning("slow request", extra=facts | {"left_out": left_out})


def shortened(statement: str) -> str:
    """On one line, and not for ever."""
    return " ".join(statement.split())[:LONGEST]


def _note_error(context: Any) -> None:
    error = context.sqlalchemy_exception or context.original_exception
    counts.add("database error", type(error).__name__)


def init_app(app: Flask) -> None:
    """Listen to the database and to requests, as far as the settings ask."""
    watch = Watch(app)
    with app.app_context():
        _listen(db.engine, watch)
    if watch.request:
        app.after_request(watch.end)


def _listen(engine: Engine, watch: Watch) -> None:
    event.listen(engine, "handle_error", _note_error)
    if watch.query or watch.request or watch.traces:
        event.listen(engine, "before_cursor_execute", watch.before)
        event.listen(engine, "after_cursor_execute", watch.after)
