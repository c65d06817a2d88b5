"""Each refusal's own page."""

from __future__ import annotations

from playwright.sync_api import Page, Response
from tests.chromium.states.ways import State, at, press


def _without_token(page: Page) -> Response:
    """A form whose page was open too long."""
    page.goto("/login")
    page.context.clear_cookies(name="frontdesk")
    return press(page, ".site-footer form [name=language][value=en]")


ERRORS = (
    State("form-too-old", "carol", _without_token, 400),
    State("401", "carol", at("/path/"), 401),
    State("404-stranger", "carol", at("/nothing/here"), 404),
    State("404-member", "alice", at("/path/nothing.txt"), 404),
    *(
        State(f"error-{status}", "carol", at(f"/fail/{status}"), status)
        for status in (400, 403, 405, 410, 413, 415, 416, 422, 429, 500, 503, 507)
    ),
)
