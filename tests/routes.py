"""Every address of the site, with something in its blanks: for what can be said of all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from flask import Flask
from werkzeug.routing import FloatConverter, IntegerConverter, Rule, UUIDConverter

BLANKS = {UUIDConverter: UUID(int=7), IntegerConverter: 700_000, FloatConverter: 1.0}
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}


def addresses(app: Flask) -> Iterator[tuple[str, str, str]]:
    """(endpoint, method, address) of each route and method. What the blanks name isn't there."""
    urls = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        address = urls.build(rule.endpoint, _filled_in(rule))
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule.endpoint, method, address


def changing(app: Flask) -> list[tuple[str, str, str]]:
    """Those that change something by a form.

    Uploads in pieces come by no form: tests/files/test_uploads.py says whom they obey.
    """
    return [
        route
        for route in addresses(app)
        if route[1] in CHANGING and not route[0].startswith("resumable.")
    ]


def _filled_in(rule: Rule) -> dict[str, Any]:
    return {
        name: next((blank for kind, blank in BLANKS.items() if isinstance(converter, kind)), "ada")
        for name, converter in rule._converters.items()
    }
