"""Every address of the site, with something in its blanks: for what can be said of all."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from flask import Flask

BLANKS = {
    "name": "ada",
    "secret": "not-the-secret-of-this-site",
    "filename": "a.txt",
    "subpath": "a/b.txt",
    "file_id": UUID(int=7),
    "scale": 1.0,
}
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}


def addresses(app: Flask) -> Iterator[tuple[str, str, str]]:
    """(endpoint, method, address) of each route and method."""
    urls = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        assert rule.arguments <= BLANKS.keys(), f"routes.BLANKS lacks {rule.arguments}"
        address = urls.build(rule.endpoint, {name: BLANKS[name] for name in rule.arguments})
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule.endpoint, method, address


def changing(app: Flask) -> list[tuple[str, str, str]]:
    """Those that change something."""
    return [route for route in addresses(app) if route[1] in CHANGING]
