"""The clock jumps and comes back: one bad reading ends no log-in for good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import update
from tests.browser import Browser

from frontdesk.accounts import attempts
from frontdesk.accounts.models import LoginSession
from frontdesk.db import now, transaction

JUMPS = [timedelta(days=400), timedelta(hours=-2)]


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_who_asks_while_the_clock_is_wrong_is_logged_in_afterwards(
    alice: Browser, jump: timedelta
) -> None:
    with time_machine.travel(datetime.now(UTC) + jump, tick=False):
        assert alice.client.get("/login").status_code in {200, 303}
        assert alice.client.get("/path/").status_code in {200, 401}
    assert alice.client.get("/path/").status_code == 200


def test_a_log_in_of_a_clock_that_was_ahead_ends_when_it_comes_back(
    app: Flask, alice: Browser
) -> None:
    """Else it would last 400 days longer than any other."""
    ahead = now() + timedelta(days=400)
    with app.app_context(), transaction() as session:
        lasting = {"created_at": ahead, "seen_at": ahead, "expires_at": ahead + timedelta(days=14)}
        session.execute(update(LoginSession).values(**lasting))
    with time_machine.travel(ahead + timedelta(hours=1), tick=False):
        assert alice.client.get("/path/").status_code == 200
    assert alice.client.get("/path/").status_code == 401


def test_nobody_is_locked_out_for_tries_of_a_clock_that_was_ahead(app: Flask) -> None:
    limits = {"login::test": 1}
    with app.test_request_context():
        for jump in (timedelta(days=400), timedelta(0)):
            with time_machine.travel(now() + jump, tick=False):
                attempts.count_try(limits)
                with pytest.raises(attempts.TooManyTries) as told:
                    attempts.count_try(limits)
                assert told.value.retry_after <= app.config["LOGIN_WINDOW"]
