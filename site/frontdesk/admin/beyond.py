"""What the admin's pages use of other places, where it is there."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from flask import abort, current_app

SERVICES = {
    "resets": "frontdesk.accounts.resets",
    "second_steps": "frontdesk.accounts.second_steps",
    "leaving": "frontdesk.profile.leaving",
}
PAGES = ("admin.invites", "admin.log")


def available() -> set[str]:
    """The names of those services and pages that are there."""
    services = {name for name, module in SERVICES.items() if find_spec(module)}
    return services | {page for page in PAGES if page in current_app.view_functions}


def service(name: str) -> Any:
    """:raise 404: if it isn't there"""
    if find_spec(SERVICES[name]) is None:
        abort(404)
    return import_module(SERVICES[name])
