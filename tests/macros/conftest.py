"""A small app with Bootstrap-Flask whose macros are ours, and pages made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask, render_template_string
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from flask_wtf import CSRFProtect
from jinja2 import FileSystemBytecodeCache

from frontdesk import forms
from frontdesk.templating import Loud

TEMPLATES = Path(__file__).parents[2] / "templates"
VOID = {"br", "hr", "img", "input", "link", "meta", "use"}
PHRASING_ONLY = {"p", "span", "label", "a", "button", "h2", "summary"}
BLOCKS = {"div", "p", "ul", "fieldset", "form", "table", "nav", "h2"}

IMPORTS = """
{%- from 'bootstrap5/form.html' import render_error_summary, render_field, render_form,
   render_form_row, render_hidden_errors -%}
{%- from 'bootstrap5/nav.html' import render_breadcrumb_item, render_nav_item -%}
{%- from 'bootstrap5/pagination.html' import render_pager, render_pagination -%}
{%- from 'bootstrap5/table.html' import render_table -%}
{%- from 'bootstrap5/utils.html' import arg_url_for, render_icon, render_messages, render_static -%}
"""

Show = Callable[..., BeautifulSoup]


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(compiled: FileSystemBytecodeCache) -> Flask:
    app = Flask("macros", template_folder=str(TEMPLATES))
    app.config.update(SECRET_KEY="test", TESTING=True, BOOTSTRAP_SERVE_LOCAL=True)
    Babel(app)
    Bootstrap5(app)
    CSRFProtect(app)
    forms.init_app(app)
    app.jinja_env.undefined = Loud
    app.jinja_env.bytecode_cache = compiled
    app.jinja_env.globals["asset"] = lambda name: f"/static/{name}?hash"
    app.add_url_rule("/things/<kind>", "things", str)
    app.add_url_rule("/thing/<int:id>", "thing", str)
    app.add_url_rule("/thing/<int:id>/delete", "delete", str, methods=["POST"])
    return app


@pytest.fixture
def show(app: Flask) -> Iterator[Show]:
    """Renders a template that may use all the macros, checks the HTML and reads it."""

    def render(template: str, **facts: Any) -> BeautifulSoup:
        html = render_template_string(IMPORTS + template, **facts)
        sound = Sound()
        sound.feed(html)
        sound.close()
        page = BeautifulSoup(html, "html.parser")
        check_names(page)
        return page

    with app.test_request_context("/login?key=x"):
        yield render


def form_page(show: Show, form: Any, arguments: str = "", before: str = "") -> BeautifulSoup:
    """The form on a page, as base.html shows it: summary first."""
    return show(
        f"{{{{ render_error_summary(form) }}}}{before}{{{{ render_form(form{arguments}) }}}}",
        form=form,
    )


class Sound(HTMLParser):
    """Fails on tags that don't close, attributes twice, inline styles, blocks inside a line."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, value in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        assert not [n for n in names if n == "style" or n.startswith("on")], f"<{tag}>: {names}"
        if tag in BLOCKS:
            assert not PHRASING_ONLY & set(self.open), f"<{tag}> inside {self.open}"
        for name, value in attrs:
            if name in {"id", "for", "name", "action", "href", "aria-describedby", "role"}:
                assert value and value == value.strip(), f"<{tag} {name}={value!r}>"
        if tag not in VOID or tag == "use":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def close(self) -> None:
        super().close()
        assert not self.open, self.open


def check_names(page: BeautifulSoup) -> None:
    """Ids are unique; labels, descriptions and links lead somewhere; every control has a name."""
    ids = [str(tag["id"]) for tag in page.select("[id]")]
    assert len(ids) == len(set(ids)), ids
    wanted = [str(label["for"]) for label in page.select("label")]
    wanted += [
        i for tag in page.select("[aria-describedby]") for i in str(tag["aria-describedby"]).split()
    ]
    wanted += [str(a["href"])[1:] for a in page.select("#error-summary a")]
    assert set(wanted) <= set(ids), set(wanted) - set(ids)
    for control in page.select("input:not([type=hidden]), select, textarea"):
        assert page.select(f'label[for="{control["id"]}"]'), control
    for thing in page.select("a, button"):
        assert thing.get_text(strip=True), thing
