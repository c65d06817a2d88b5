"""The second step: set up, kept, asked for at the log-in.

The profile's pages ask for a proof first, where the log-in is ten minutes old.
"""

from __future__ import annotations

import pyotp
from playwright.sync_api import Page, Response
from tests.chromium.people import PASSWORD
from tests.chromium.states.ways import State, Way, arrived, press, send


def _proven(address: str) -> Way:
    def go(page: Page) -> Response:
        last = arrived(page.goto(address))
        return send(page, "proof", password=PASSWORD) if "/proof" in page.url else last

    return go


def _setting_up(page: Page) -> Response:
    _proven("/profile/two-factor")(page)
    return send(page, "begin")


def _wrong_code(page: Page) -> Response:
    _setting_up(page)
    return send(page, "authenticator", code="12345")


def _on(address: str, form: str = "") -> Way:
    """A page of somebody who has an app; what comes of sending the form on it."""

    def go(page: Page) -> Response:
        _proven("/profile/two-factor")(page)
        if not page.locator("#codes").count():
            send(page, "begin")
            secret = (page.locator("#secret").text_content() or "").replace(" ", "")
            send(page, "authenticator", code=pyotp.TOTP(secret).now())
        last = arrived(page.goto(address))
        return send(page, form) if form else last

    return go


def _half(page: Page) -> Response:
    """The password was right."""
    page.goto("/login?next=/path/")
    return send(page, "login", username="heidi", password=PASSWORD)


def _half_by_recovery(page: Page) -> Response:
    _half(page)
    return press(page, "main a[href*='by=recovery']")


SECOND_STEPS = (
    State("second-step", "carol", _half),
    State("second-step-recovery", "carol", _half_by_recovery),
    State("two-factor-none", "bob", _proven("/profile/two-factor")),
    State("authenticator", "bob", _setting_up),
    State("authenticator-wrong", "bob", _wrong_code, 422),
    State("two-factor", "grace", _on("/profile/two-factor")),
    State("recovery-codes-new", "grace", _on("/profile/two-factor/codes")),
    State("recovery-codes", "grace", _on("/profile/two-factor/codes", "recovery-codes")),
    State("two-factor-off", "grace", _on("/profile/two-factor/off")),
)
