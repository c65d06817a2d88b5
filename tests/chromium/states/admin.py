"""The admin's pages."""

from __future__ import annotations

from tests.chromium.states.ways import State, after, at

ADMIN = (
    State("admin", "root", at("/admin/")),
    State("settings", "root", at("/admin/settings")),
    State("settings-login", "root", at("/admin/settings/login")),
    State("settings-wrong", "root", after("/admin/settings/space", "settings", quota="much"), 422),
    State("log", "root", at("/admin/log")),
    State("log-filtered", "root", at("/admin/log?what=file.upload&until=2000-01-01")),
    State("health", "root", at("/admin/health")),
)
