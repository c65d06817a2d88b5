"""The admin's pages."""

from __future__ import annotations

from tests.chromium.states.ways import State, at

ADMIN = (State("admin", "root", at("/admin/")),)
