"""templating.py - the designer's copy wins, the original stays in reach, a wrong name is loud."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from jinja2 import UndefinedError
from tests.browser import Browser


@pytest.fixture
def design(instance: Path) -> Callable[[str, str], None]:
    """Writes a file of the theme."""

    def write(name: str, text: str, folder: str = "theme") -> None:
        path = instance / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    return write


PAGE = """
{% extends "base.html" %}
{% block header %}<h1>{% block title %}Mine{% endblock %}</h1>{% endblock %}
"""
FRAME = """
{% extends "core/base.html" %}
{% block footer %}<p id="mine">Ours</p>{{ super() }}{% endblock %}
"""


def test_a_designers_copy_of_a_page_wins(
    design: Callable[[str, str], None], carol: Browser
) -> None:
    design("templates/hello/welcome.html", PAGE)
    assert carol.visit("/").title == "Mine"
    assert carol.visit("/help").title == "Help"


def test_the_original_frame_stays_in_reach(
    design: Callable[[str, str], None], carol: Browser
) -> None:
    design("templates/base.html", FRAME)
    for address in ("/", "/help", "/nowhere"):
        page = carol.visit(address)
        assert page.html.select_one("#mine") and page.html.select('form[action="/theme"]')


def test_a_designers_static_file_wins(design: Callable[[str, str], None], carol: Browser) -> None:
    design(
        "static/img/bell.svg", "<svg xmlns='http://www.w3.org/2000/svg'><title>mine</title></svg>"
    )
    icon = carol.visit("/").html.select_one("link[rel=icon]")["href"]
    assert "mine" in carol.visit(icon).response.text


def test_the_theme_may_lie_anywhere(
    design: Callable[..., None], start: Callable[..., Flask], instance: Path
) -> None:
    design("templates/hello/welcome.html", PAGE, "studio")
    app = start(THEME=str(instance / "studio"))
    assert Browser(app.test_client()).visit("/").title == "Mine"


def test_a_theme_that_is_not_there_changes_nothing(start: Callable[..., Flask]) -> None:
    app = start(THEME="nowhere")
    assert Browser(app.test_client()).visit("/").title == "Welcome to Frontdesk"


@pytest.mark.parametrize(
    "template", ["{{ nobody }}", "{{ nobody.name }}", "{% for x in nobody %}{% endfor %}"]
)
def test_a_name_that_is_unknown_is_loud(app: Flask, template: str) -> None:
    with app.test_request_context(), pytest.raises(UndefinedError, match="nobody"):
        render_template_string(template)


@pytest.mark.parametrize(
    "template", ["{% if nobody %}x{% endif %}", "{{ nobody is defined }}", "{{ nobody == 1 }}"]
)
def test_asking_whether_it_is_there_is_not(app: Flask, template: str) -> None:
    with app.test_request_context():
        assert render_template_string(template) in {"", "False"}


def test_what_people_typed_is_never_markup(app: Flask) -> None:
    with app.test_request_context():
        assert render_template_string("{{ x }}", x="<b>") == "&lt;b&gt;"
        assert app.jinja_env.autoescape


def test_the_name_of_the_site_is_in_every_title(start: Callable[..., Flask]) -> None:
    browser = Browser(start(SITE_NAME="Ada's <studio>").test_client())
    page = browser.visit("/login")
    assert page.html.title.get_text() == "Log in – Ada's <studio>"


def test_a_page_is_shown_though_its_template_can_not_be_kept(
    carol: Browser, instance: Path
) -> None:
    """As on a full disk, where a reader was told 500 before."""
    shutil.rmtree(instance / "templates")
    assert carol.visit("/login").title == "Log in"
