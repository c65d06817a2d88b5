"""Where a member is logged in, and the proof that comes before what touches the account."""

from __future__ import annotations

from tests.chromium.states.ways import State, after, at

SESSIONS = (
    State("sessions", "alice", at("/profile/sessions")),
    State("proof-wrong", "bob", after("/proof", "proof", password="wrong"), 422),
)
