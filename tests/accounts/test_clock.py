"""The clock jumps and comes back: one bad reading ends no log-in for good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from tests.browser import Browser

JUMPS = [timedelta(days=400), timedelta(hours=-2)]


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_who_asks_while_the_clock_is_wrong_is_logged_in_afterwards(
    alice: Browser, jump: timedelta
) -> None:
    with time_machine.travel(datetime.now(UTC) + jump, tick=False):
        assert alice.client.get("/login").status_code in {200, 303}
        assert alice.client.get("/path/").status_code in {200, 401}
    assert alice.client.get("/path/").status_code == 200
