"""What stands in an address and opens something never stands in the log."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from frontdesk.access import public

SECRET = "0f8fad5b-d9cb-469f-a165-70867728950e"
BLANKS = {"secret", "token", "key"}
# The key of a group of settings, which opens nothing.
OTHERS = {"admin.change_settings", "admin.reset_setting"}


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"REGISTRATION": "open", "PROPAGATE_EXCEPTIONS": False}


def places(app: Flask) -> list[str]:
    """Every address with a secret in it."""
    urls = app.url_map.bind("localhost")
    rules = [
        rule
        for rule in app.url_map.iter_rules()
        if rule.arguments & BLANKS and rule.endpoint not in OTHERS
    ]
    return sorted({urls.build(rule.endpoint, _filled_in(rule)) for rule in rules})


def _filled_in(rule: Rule) -> dict[str, Any]:
    return {name: SECRET if name in BLANKS else _other(name) for name in rule.arguments}


def _other(name: str) -> Any:
    return {"number": 1, "filename": "a.txt"}.get(name, "00000000-0000-0000-0000-000000000007")


def test_no_route_writes_its_secret_into_the_log(stdout: StringIO, app: Flask) -> None:
    found, client = places(app), app.test_client()
    assert {place.split("/")[1] for place in found} >= {"invite", "reset", "confirm", "address"}
    for place in found:
        for method in ("GET", "POST"):
            client.open(place, method=method)
    assert stdout.getvalue().count("…") >= 2 * len(found)
    assert SECRET not in stdout.getvalue()


def test_no_crash_does_either(stdout: StringIO, app: Flask) -> None:
    def crash(**_blanks: object) -> str:
        raise RuntimeError("a defect")

    for endpoint in ("accounts.reset", "accounts.invite", "profile.confirm_address"):
        app.view_functions[endpoint] = public(crash)
    for place in ("reset", "invite", "address"):
        assert app.test_client().get(f"/{place}/{SECRET}").status_code == 500
    assert "a defect" in stdout.getvalue() and SECRET not in stdout.getvalue()
