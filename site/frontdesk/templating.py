"""How templates behave here: unknown names are loud, the designer's copies win."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, g, request
from flask_babel import gettext
from flask_wtf.csrf import generate_csrf
from jinja2 import (
    ChoiceLoader,
    FileSystemBytecodeCache,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    Template,
    Undefined,
)
from jinja2.bccache import Bucket
from jinja2.environment import TemplateModule
from jinja2.runtime import Context
from markupsafe import Markup

from frontdesk import assets, language


class Loud(StrictUndefined):
    """A name the template does not know is an error, except in a test for truth."""

    __slots__ = ()
    __bool__ = Undefined.__bool__  # type: ignore[assignment]
    __eq__ = Undefined.__eq__  # type: ignore[assignment]
    __hash__ = Undefined.__hash__  # type: ignore[assignment]


def here() -> str:
    """The address of this page, to come back to."""
    query = request.query_string.decode(errors="replace")  # full_path breaks at other bytes
    return f"{request.path}?{query}".rstrip("?")


class Page(Template):
    """A template whose macros are imported once.

    At each import Jinja looks whether it was given names that the environment doesn't have, for
    30 µs; there are none.
    """

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        return self._module or super()._get_default_module()


class Compiled(FileSystemBytecodeCache):
    """Templates as bytecode; one that can't be kept, as on a full disk, is shown anyway."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


def csrf_token() -> str:
    """Flask-WTF's, which asks its settings at each of a page's five places."""
    return str(g.get("csrf_token") or generate_csrf())


def translate(message: str, **facts: Any) -> Markup:
    """``_()`` in templates: facts are escaped, and a per cent sign is written twice.

    Jinja's and Flask-Babel's own ways to the same answer cost more than the rest of a page.
    """
    said = _said(message, language.language())
    return said % facts if facts else said


@lru_cache(4_096)
def _said(message: str, _language: str) -> Markup:
    said = Markup(gettext(message))  # noqa: S704  our own words; facts are escaped by %
    return said if "%(" in said else said % ()


class Addresses:
    """``url_for()`` in templates: where no value is asked for, each address is built once."""

    def __init__(self, app: Flask) -> None:
        self.app, self.known = app, dict[str, str]()

    def __call__(self, endpoint: str, **values: Any) -> str:
        if values or request.script_root or endpoint.startswith("."):
            return self.app.url_for(endpoint, **values)
        if endpoint not in self.known:
            self.known[endpoint] = self.app.url_for(endpoint)
        return self.known[endpoint]


def _facts() -> dict[str, Any]:
    chosen = language.language()
    return {
        "language": chosen,
        "language_tag": language.TAGS[chosen],
        "theme": language.theme(),
        "here": here(),
        "bundle": assets.address("css/bundle.css"),
    }


def init_app(app: Flask) -> None:
    """Search the theme's templates first, then ours; ``core/…`` reaches ours from a theme."""
    core = str(Path(app.root_path) / str(app.template_folder))  # whatever folder it is started in
    theme = str(Path(app.config["THEME"]) / "templates")
    app.jinja_loader = ChoiceLoader(
        [FileSystemLoader([theme, core]), PrefixLoader({"core": FileSystemLoader(core)})]
    )
    cache = Path(app.instance_path) / "templates"
    cache.mkdir(mode=0o700, exist_ok=True)
    environment = app.jinja_env
    environment.undefined = Loud
    environment.template_class = Page
    environment.bytecode_cache = Compiled(str(cache))
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.globals.update(
        _=translate,
        csrf_token=csrf_token,
        url_for=Addresses(app),
        site_name=app.config["SITE_NAME"],
        languages=language.LANGUAGES,
        themes=language.THEMES,
    )
    app.context_processor(_facts)
