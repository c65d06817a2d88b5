"""The second step: set up, kept, asked for at the log-in."""

from __future__ import annotations

import pyotp
from playwright.sync_api import Page, Response
from tests.chromium.people import PASSWORD
from tests.chromium.states.ways import State, Way, after, arrived, at, press, send

_setting_up = after("/profile/two-factor", "begin")


def _wrong_code(page: Page) -> Response:
    _setting_up(page)
    return send(page, "authenticator", code="12345")


def _on(address: str, form: str = "") -> Way:
    """A page of somebody who has an app; what comes of sending the form on it."""

    def go(page: Page) -> Response:
        page.goto("/profile/two-factor")
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
    State("two-factor-none", "bob", at("/profile/two-factor")),
    State("authenticator", "bob", _setting_up),
    State("authenticator-wrong", "bob", _wrong_code, 422),
    State("two-factor", "grace", _on("/profile/two-factor")),
    State("recovery-codes-new", "grace", _on("/profile/two-factor/codes")),
    State("recovery-codes", "grace", _on("/profile/two-factor/codes", "recovery-codes")),
    State("two-factor-off", "grace", _on("/profile/two-factor/off")),
)
