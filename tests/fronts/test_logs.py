"""What the front server writes of a visit: no secret that stands in an address."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.fronts.front import Front, behind
from tests.serve.conftest import PATIENCE

SECRET = "a-secret-that-opens"
PLACES = [
    "/s/{}", "/s/{}/zip?x=1", "/r/{}", "/setup/{}", "/reset/{}", "/invite/{}", "/confirm/{}",
    "/address/{}", "/profile/export/{}", "/file/some-file/change/link/{}", "//s//{}", "/login?x={}",
]  # fmt: skip


def log_of(front: Front) -> Path:
    return front.logs[1]


@behind
@pytest.mark.parametrize("over", ["https", "http"])
def test_no_secret_stands_in_the_log(front: Front, over: str) -> None:
    """Whoever reads it, or gets a copy, could open links and choose passwords."""
    guest = front.guest()
    if over == "http":
        assert front.http
        guest.port, guest.certificate = front.http, None
    for place in PLACES:
        guest.ask("GET", place.format(SECRET))
    agent = f"last-{over}"
    guest.ask("GET", "/static/none.css?x", **{"User-Agent": agent})
    until = time.monotonic() + PATIENCE
    while agent not in (said := log_of(front).read_text()):
        assert time.monotonic() < until, said
        time.sleep(0.05)
    assert SECRET not in said
    for place in ("/s/", "/reset/", "/profile/export/", "/file/some-file/change/link/"):
        assert f" {place}... " in said, said
    assert " /static/none.css " in said
