"""Where a member is logged in, and the proof that comes before what touches the account."""

from __future__ import annotations

from tests.chromium.states.ways import State, after, at

SESSIONS = (
    State("sessions", "alice", at("/profile/sessions")),
    State("proof", "bob", at("/proof")),
    # Empty, not wrong: wrong ones are counted, and the sweeps would soon be too many.
    State("proof-empty", "bob", after("/proof", "proof", password=""), 422),
)
