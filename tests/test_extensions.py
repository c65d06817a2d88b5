"""extensions.py - somebody else's Flask extension, named in EXTENSIONS, is live."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from tests.browser import Browser

from frontdesk.settings import BadSetting

GREETER = '''
"""A Flask extension as anybody writes it: it knows nothing of Frontdesk."""

import types

from flask import Blueprint, current_app

bp = Blueprint("greeter", __name__)


@bp.get("/greeter/open")
def welcome():
    return f"{current_app.config['GREETER_WORD']}, stranger"


welcome.is_public = True


@bp.get("/greeter/closed")
def secret():
    return "only for members"


@bp.post("/greeter/closed")
def change():
    return "changed"


class Greeter:
    def init_app(self, app):
        app.config.setdefault("GREETER_WORD", "Hello")
        app.config.setdefault("GREETER_TIMES", 1)
        app.extensions["greeter"] = self
        app.register_blueprint(bp)


greeter = Greeter()
plain = types.SimpleNamespace(init_app=greeter.init_app)
'''
NAMED = ["greeter.words:greeter"]


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The extension, on PYTHONPATH."""
    (tmp_path / "lib/greeter").mkdir(parents=True)
    (tmp_path / "lib/greeter/__init__.py").touch()
    (tmp_path / "lib/greeter/words.py").write_text(GREETER)
    monkeypatch.syspath_prepend(tmp_path / "lib")
    yield
    for name in ("greeter", "greeter.words"):
        sys.modules.pop(name, None)


def test_it_is_live(start: Callable[..., Flask]) -> None:
    app = start(EXTENSIONS=NAMED)
    assert "greeter" in app.extensions
    assert app.test_client().get("/greeter/open").text == "Hello, stranger"


def test_its_pages_are_closed_until_they_say_otherwise(start: Callable[..., Flask]) -> None:
    browser = Browser(start(EXTENSIONS=NAMED).test_client())
    assert browser.visit("/greeter/closed").status == 401
    browser.submit("login", username="alice", password="a long enough password")
    assert browser.client.get("/greeter/closed").text == "only for members"


def test_its_forms_need_our_token(start: Callable[..., Flask]) -> None:
    browser = Browser(start(EXTENSIONS=NAMED).test_client())
    browser.log_in("alice", "a long enough password")
    assert browser.client.post("/greeter/closed").status_code == 400


def test_its_pages_carry_our_headers(start: Callable[..., Flask]) -> None:
    answer = start(EXTENSIONS=NAMED).test_client().get("/greeter/open")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_its_settings_may_stand_in_the_instance(
    start: Callable[..., Flask], instance: Path
) -> None:
    (instance / "config.py").write_text(f"EXTENSIONS = {NAMED}\nGREETER_WORD = 'Good day'\n")
    assert start().test_client().get("/greeter/open").text == "Good day, stranger"


def test_its_settings_may_come_from_the_environment(
    start: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONTDESK_EXTENSIONS", '["greeter.words:greeter"]')
    monkeypatch.setenv("FRONTDESK_GREETER_WORD", "Welcome")
    monkeypatch.setenv("FRONTDESK_GREETER_TIMES", "3")
    app = start()
    assert app.test_client().get("/greeter/open").text == "Welcome, stranger"
    assert app.config["GREETER_TIMES"] == 3


def test_without_it_its_settings_are_unknown(
    start: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONTDESK_GREETER_WORD", "Welcome")
    with pytest.raises(BadSetting, match="GREETER_WORD is not a setting"):
        start()


def test_with_it_others_are_unknown_still(
    start: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONTDESK_SITENAME", "x")
    for named in (NAMED, ["greeter.words:plain"]):
        with pytest.raises(BadSetting, match="SITENAME is not a setting"):
            start(EXTENSIONS=named)


@pytest.mark.parametrize(
    "target",
    ["nowhere:thing", "greeter.words:nothing", "greeter.words", "", ":", "greeter.words:greeter:x"],
)
def test_one_that_is_not_there_stops_the_start_in_words(
    start: Callable[..., Flask], target: str
) -> None:
    with pytest.raises(BadSetting, match=r"EXTENSIONS: .* can't be imported"):
        start(EXTENSIONS=[target])


@pytest.mark.parametrize("target", ["os:sep", "greeter.words:bp"])
def test_what_is_no_extension_stops_it_too(start: Callable[..., Flask], target: str) -> None:
    with pytest.raises(BadSetting, match=r"EXTENSIONS: .* has no init_app"):
        start(EXTENSIONS=[target])
