"""rotation.py - a remembered log-in's secret changes, and a copy of the one before is noticed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from tests.accounts.test_sessions import DAY, NOON, cookie_of, is_in, with_cookie
from tests.browser import Browser
from tests.conftest import PASSWORD

from frontdesk.accounts import rotation
from frontdesk.accounts.models import LoginSession
from frontdesk.audit import LogEntry
from frontdesk.db import db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def remembered(open_browser: Callable[[], Browser], clock: Any) -> Browser:
    browser = open_browser()
    browser.visit("/login")
    browser.submit("login", username="alice", password=PASSWORD, remember=True)
    browser.follow()
    return browser


def secret_of(browser: Browser) -> str:
    with browser.client.session_transaction() as held:
        return str(held["_user_id"])


def stolen(app: Flask) -> list[str]:
    with app.app_context():
        statement = select(LogEntry.who).where(LogEntry.what == "session.stolen")
        return list(db.session.scalars(statement))


def test_it_changes_once_a_day_with_a_page(remembered: Browser, clock: Any) -> None:
    secrets = [secret_of(remembered)]
    for hours in (23, 2, 1, 25):
        clock.shift(timedelta(hours=hours))
        assert is_in(remembered)
        secrets.append(secret_of(remembered))
    assert [a == b for a, b in pairwise(secrets)] == [
        True,
        False,
        True,
        False,
    ]


def test_only_a_page_that_was_asked_for_changes_it(remembered: Browser, clock: Any) -> None:
    before = secret_of(remembered)
    clock.shift(2 * DAY)
    remembered.client.get("/me")
    remembered.client.get("/nowhere")
    remembered.client.head("/profile")
    assert secret_of(remembered) == before


def test_a_log_in_that_is_not_remembered_keeps_its_secret(
    open_browser: Callable[[], Browser], clock: Any
) -> None:
    browser = open_browser()
    browser.log_in("alice", PASSWORD)
    before = secret_of(browser)
    for _ in range(4):
        clock.shift(20 * 3600)
        assert is_in(browser)
    assert secret_of(browser) == before


def test_the_form_token_outlasts_it(remembered: Browser, clock: Any) -> None:
    clock.shift(2 * DAY)
    remembered.visit("/profile")
    assert remembered.submit("profile", display_name="Ada").status == 303


def test_requests_under_way_still_work_and_bring_the_new_secret(
    app: Flask, remembered: Browser, open_browser: Callable[[], Browser], clock: Any
) -> None:
    old = with_cookie(open_browser, cookie_of(remembered))
    clock.shift(2 * DAY)
    assert is_in(remembered) and is_in(remembered)
    clock.shift(30)
    assert is_in(old)
    assert secret_of(old) == secret_of(remembered)
    assert not stolen(app)


def test_later_the_old_one_ends_the_log_in_for_both(
    app: Flask, remembered: Browser, open_browser: Callable[[], Browser], clock: Any
) -> None:
    copy = with_cookie(open_browser, cookie_of(remembered))
    clock.shift(2 * DAY)
    assert is_in(remembered)
    clock.shift(30)
    assert is_in(remembered)
    clock.shift(MINUTE)
    assert not is_in(copy) and not is_in(remembered)
    assert stolen(app) == ["alice"]


def test_a_thief_who_was_faster_is_out_when_the_member_comes(
    app: Flask, remembered: Browser, open_browser: Callable[[], Browser], clock: Any
) -> None:
    thief = with_cookie(open_browser, cookie_of(remembered))
    clock.shift(2 * DAY)
    assert is_in(thief)
    clock.shift(2 * MINUTE)
    assert is_in(thief)
    assert not is_in(remembered) and not is_in(thief)
    assert stolen(app) == ["alice"]


def test_an_answer_that_never_arrived_costs_nothing(
    app: Flask, remembered: Browser, open_browser: Callable[[], Browser], clock: Any
) -> None:
    kept = cookie_of(remembered)
    clock.shift(2 * DAY)
    assert is_in(remembered)  # and the answer is lost on the way
    again = with_cookie(open_browser, kept)
    clock.shift(DAY / 2)
    assert is_in(again) and is_in(again)
    assert secret_of(again) == secret_of(remembered)
    assert not stolen(app)


def test_a_form_that_took_long_does_not_bring_the_old_secret_back(
    remembered: Browser, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It came in before the change; its answer sets the cookie, since it has a message to keep."""
    remembered.visit("/profile")
    monkeypatch.setattr(rotation, "now", lambda: NOON)  # when this one began
    before = secret_of(remembered)
    with remembered.client.application.app_context():
        assert rotation._rotate(before)
    assert remembered.submit("profile", display_name="Ada").status == 303
    assert secret_of(remembered) != before


def test_a_locked_database_changes_nothing(
    remembered: Browser, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = secret_of(remembered)
    clock.shift(2 * DAY)

    def locked() -> None:
        raise OperationalError("UPDATE sessions", {}, Exception("database is locked"))

    with monkeypatch.context() as patch:
        patch.setattr(rotation, "transaction", locked)
        assert is_in(remembered)
    assert secret_of(remembered) == before
    assert is_in(remembered) and secret_of(remembered) != before


def test_two_at_once_make_one_secret(app: Flask, remembered: Browser, clock: Any) -> None:
    token = secret_of(remembered)
    clock.shift(2 * DAY)
    with app.app_context():
        assert rotation._rotate(token) and rotation._rotate(token)
        row = db.session.scalars(select(LoginSession)).one()
        assert row.token_hash == rotation.secrets.digest(rotation.successor(token))


def test_the_next_secret_needs_the_sites_key(app: Flask, start: Callable[..., Flask]) -> None:
    other = start(SECRET_KEY="the key of another site")
    with app.app_context():
        here = rotation.successor("x" * 43)
    with other.app_context():
        assert rotation.successor("x" * 43) != here and len(here) == 43


class TestWithoutRotation:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"SESSION_ROTATION": 0}

    def test_it_never_changes(self, remembered: Browser, clock: Any) -> None:
        before = secret_of(remembered)
        clock.shift(20 * DAY)
        assert is_in(remembered) and secret_of(remembered) == before
