"""Static files, linked by addresses that change with the content and so are kept for a year.

``asset('css/site.css')`` and ``url_for('static', filename='css/site.css')`` both give
``/static/css/site.3f2a91c0d1e2.css``. ``css/bundle.css`` is the one sheet that pages link:
Bootstrap, our tokens and sheet, the theme's tokens; ``js/upload.js`` is all modules of
``js/upload/`` in one. A theme's file wins over ours of that name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import flask_bootstrap
from flask import Flask, current_app, has_request_context, request

from frontdesk.assets import bundle, scripts, serve
from frontdesk.assets.shelf import Shelf

BOOTSTRAP = Path(flask_bootstrap.__file__).parent / "static" / "bootstrap5"
BOOTSTRAP_FILES = ("css/bootstrap.min.css", "js/bootstrap.min.js", "umd/popper.min.js")


def init_app(app: Flask) -> None:
    """Take over ``static`` and ``bootstrap.static``; so this comes after Bootstrap-Flask."""
    shelves = {"static": _ours(app), "bootstrap.static": _bootstrap(app)}
    for endpoint, shelf in shelves.items():
        app.view_functions[endpoint] = serve.view(shelf, app.view_functions[endpoint])
    app.add_url_rule("/favicon.ico", "favicon", serve.favicon(shelves["static"]))
    links = Links(shelves, str(app.static_url_path))
    app.url_defaults(links.hash_the_name)
    app.jinja_env.globals["asset"] = links.asset
    app.extensions["assets"] = shelves
    app.extensions["asset_links"] = links


def address(filename: str) -> str:
    """As ``asset()`` in templates: the hashed address of a file in ``static/``.

    :raise LookupError: if there is no such file
    """
    links: Links = current_app.extensions["asset_links"]
    return links.asset(filename)


def prepare(app: Flask) -> None:
    """Make and compress what pages link now, so that no visitor waits for it (a quarter second)."""
    shelf: Shelf = app.extensions["assets"]["static"]
    for file in shelf.now().names.values():
        for encoding in file.encodings:
            shelf.read(file, encoding)


def _ours(app: Flask) -> Shelf:
    ours = Path(str(app.static_folder))
    theme = Path(app.instance_path, app.config.get("THEME") or "theme", "static")
    sheet = BOOTSTRAP / BOOTSTRAP_FILES[0]
    return Shelf(
        Path(app.instance_path, "assets", "static"),
        roots=(ours, theme),
        made={
            bundle.NAME: bundle.Bundle(sheet, ours, theme),
            bundle.SCRIPTED_NAME: lambda sources: bundle.scripted(sheet),
            **_scripts(ours),
        },
        watch=lambda: app.debug,
    )


def _scripts(ours: Path) -> dict[str, Callable[[Mapping[str, Path]], bytes]]:
    there = {name: entry for name, entry in scripts.ENTRIES.items() if (ours / entry).is_file()}
    return {name: partial(scripts.joined, entry) for name, entry in there.items()}


def _bootstrap(app: Flask) -> Shelf:
    folder = Path(app.instance_path, "assets", "bootstrap")
    return Shelf(folder, roots=(BOOTSTRAP,), only=BOOTSTRAP_FILES)


@dataclass(frozen=True)
class Links:
    """The addresses under which the shelves' files may be kept."""

    shelves: dict[str, Shelf]
    prefix: str

    def asset(self, filename: str) -> str:
        """The address of a file in ``static/``, the theme's or ours.

        :raise LookupError: if there is no such file; says which are alike
        """
        names = self.shelves["static"].now().names
        if filename not in names:
            alike = ", ".join(get_close_matches(filename, names)) or "nothing"
            raise LookupError(f"static/{filename} does not exist; alike: {alike}")
        root = request.script_root if has_request_context() else ""
        return f"{root}{self.prefix}/{quote(names[filename].hashed)}"

    def hash_the_name(self, endpoint: str, values: dict[str, Any]) -> None:
        """Make ``url_for('static', filename=…)`` link the address that may be kept."""
        shelf = self.shelves.get(endpoint)
        file = shelf.now().names.get(values.get("filename", "")) if shelf else None
        if file:
            values["filename"] = file.hashed
