"""A password is changed, or was forgotten."""

from __future__ import annotations

from tests.chromium.states.ways import State, after, at

PASSWORDS = (
    State("password", "bob", at("/profile/password")),
    State(
        "password-wrong",
        "bob",
        after("/profile/password", "password", current_password="", new_password=""),
        422,
    ),
    State("forgot-without-mail", "carol", at("/forgot")),
    State("letter-sent", "carol", at("/forgot/sent")),
    State("reset-ended", "carol", at("/reset/ended"), 410),
)
