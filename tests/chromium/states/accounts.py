"""Log in and out, and what becomes of wrong passwords."""

from __future__ import annotations

from secrets import token_hex

from playwright.sync_api import Page, Response
from tests.chromium.states.ways import State, after, at, send


def _wrong(page: Page) -> Response:
    """A wrong password, each time for another name: too many for one name are counted."""
    page.goto("/login")
    return send(page, "login", username=f"zoe-{token_hex(4)}", password="wrong")


def _locked(page: Page) -> Response:
    """One wrong password too many."""
    page.goto("/login")
    while (last := send(page, "login", username="mallory", password="wrong")).status != 429:
        assert last.status == 422
    return last


ACCOUNTS = (
    State("login", "carol", at("/login")),
    State("login-empty", "carol", after("/login", "login", username="", password=""), 422),
    State("login-wrong", "carol", _wrong, 422),
    State("login-locked", "carol", _locked, 429),
    State("logout", "alice", at("/logout")),
)
