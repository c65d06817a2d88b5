"""A member's profile and tokens."""

from __future__ import annotations

from playwright.sync_api import Page, Response
from tests.chromium.people import LONG_NAME
from tests.chromium.states.ways import State, after, at, send


def _wrong_picture(page: Page) -> Response:
    page.goto("/profile")
    chosen = {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": b"not a picture"}
    page.locator("[name=image]").set_input_files(chosen)  # type: ignore[arg-type]
    return send(page, "profile", display_name="x" * 81)


PROFILE = (
    State("profile", "bob", at("/profile")),
    State("profile-picture", "alice", at("/profile")),
    State("profile-wrong", "bob", _wrong_picture, 422),
    State("passkeys", "bob", at("/profile/passkeys")),  # none: this site has a number, no name
    State("address", "bob", at("/profile/address")),
    State("address-wrong", "bob", after("/profile/address", "address", email="bob"), 422),
    State("time-zone", "bob", at("/profile/time-zone")),
    State("notifications", "bob", at("/profile/notifications")),
    State("export", "bob", at("/profile/export")),
    State("delete-account", "bob", at("/profile/delete")),
    State("delete-account-wrong", "bob", after("/profile/delete", "delete", username="x"), 422),
    State("tokens-none", "bob", at("/profile/tokens")),
    State("token-new", "alice", after("/profile/tokens", "token", name=LONG_NAME)),
    State("tokens", "alice", at("/profile/tokens")),
    State("token-nameless", "alice", after("/profile/tokens", "token", name=""), 422),
)
