"""The welcome page, greetings, dashboards, and what a site says of itself."""

from __future__ import annotations

from tests.chromium.people import LONG_NAME
from tests.chromium.states.ways import State, at

HELLO = (
    State("welcome", "carol", at("/")),
    State("hello-stranger", "carol", at("/hello/")),
    State("hello-name", "carol", at("/hello/Grace%20Hopper")),
    State("hello-long-name", "carol", at(f"/hello/{LONG_NAME}")),
    State("hello-name-member", "alice", at("/hello/bob")),
    State("help", "carol", at("/help")),
    State("accessibility", "carol", at("/accessibility")),
    State("dashboard-empty", "bob", at("/hello/")),
    State("dashboard-filled", "alice", at("/hello/")),
)
