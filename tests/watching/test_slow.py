"""watching/slow.py - what took long is a line of the log, without what it was about."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text
from tests import postgresql
from tests.browser import Browser

from frontdesk.access import public
from frontdesk.db import db
from frontdesk.watching.slow import Allowance

SLEEP = text("SELECT sleep(:seconds) AS \n  slept, :word AS word")
SHOWN = "SELECT sleep(?) AS slept, ? AS word"
SHOWN_IN_POSTGRESQL = "SELECT sleep(%(seconds)s) AS slept, %(word)s AS word"
MAKE_SLEEP = (
    "CREATE OR REPLACE FUNCTION sleep(double precision) RETURNS text "
    "LANGUAGE sql AS 'SELECT pg_sleep($1)::text'"
)


@pytest.fixture
def slow(stdout: StringIO, start: Callable[..., Flask]) -> Callable[..., Browser]:
    """A site with a page that asks the database for something slow."""

    def slow(**settings: Any) -> Browser:
        app = start(LOG_FORMAT="json", **settings)
        with app.app_context():
            if postgresql.is_used():
                with db.engine.begin() as connection:
                    connection.execute(text(MAKE_SLEEP))
            else:
                event.listen(
                    db.engine, "connect",
                    lambda connection, _: connection.create_function("sleep", 1, time.sleep),
                )  # fmt: skip
                db.engine.dispose()

        def ask() -> str:
            return str(db.session.execute(SLEEP, {"seconds": 0.06, "word": "somebody's"}).all())

        app.add_url_rule("/slow", "slow", public(ask))
        return Browser(app.test_client())

    return slow


def lines(stdout: StringIO, event: str) -> list[dict[str, Any]]:
    said = [json.loads(line) for line in stdout.getvalue().splitlines()]
    return [line for line in said if line["event"] == event]


def test_a_slow_statement_is_told_without_its_values(
    slow: Callable[..., Browser], stdout: StringIO
) -> None:
    answer = slow(SLOW_QUERY=50).client.get("/slow")
    assert answer.status_code == 200
    (line,) = lines(stdout, "slow query")
    assert line["statement"] == (SHOWN_IN_POSTGRESQL if postgresql.is_used() else SHOWN)
    assert line["ms"] >= 60
    assert (line["level"], line["endpoint"]) == ("warning", "slow")
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert "somebody" not in stdout.getvalue()


def test_a_slow_answer_says_how_much_of_it_the_database_took(
    slow: Callable[..., Browser], stdout: StringIO
) -> None:
    browser = slow(SLOW_REQUEST=50, SLOW_QUERY=0)
    browser.client.get("/slow?word=somebodys")
    browser.client.get("/ak")
    (line,) = lines(stdout, "slow request")
    assert (line["endpoint"], line["method"], line["status"]) == ("slow", "GET", 200)
    assert line["ms"] >= line["queries_ms"] >= 60 and line["queries"] >= 1
    assert "somebody" not in stdout.getvalue()
    assert not lines(stdout, "slow query")


def test_what_brings_much_is_as_slow_as_who_sends_it(
    slow: Callable[..., Browser], stdout: StringIO
) -> None:
    slow(SLOW_REQUEST=50).client.get("/slow", data=b"x" * 1_000_001)
    assert not lines(stdout, "slow request")


def test_with_zero_nothing_is_noted(slow: Callable[..., Browser], stdout: StringIO) -> None:
    slow(SLOW_REQUEST=0, SLOW_QUERY=0).client.get("/slow")
    assert not lines(stdout, "slow request") + lines(stdout, "slow query")


def test_of_many_lines_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("frontdesk.watching.slow.time.monotonic", lambda: now[0])
    allowance = Allowance(most=3, window=60)
    assert [allowance.take() for _ in range(5)] == [0, 0, 0, None, None]
    now[0] += 61
    assert [allowance.take() for _ in range(2)] == [2, 0]
