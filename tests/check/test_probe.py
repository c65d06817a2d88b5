"""check/probe.py - for strangers it isn't there; who has the word is told, for two minutes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from tests.browser import Browser
from werkzeug.test import TestResponse

from frontdesk.check import key
from frontdesk.check.probe import ASK, FILE, HEADER

SECRET = "0123456789abcdef" * 4


def ask(
    app: Flask, word: str, method: str = "GET", at: str = "/hello/", **more: str
) -> TestResponse:
    return app.test_client().open(at, method=method, headers={HEADER: word} | more)


@pytest.fixture
def word(app: Flask) -> str:
    return key.make(app.config["SECRET_KEY"])


def is_told(answer: TestResponse) -> bool:
    return HEADER in answer.headers


@pytest.mark.parametrize("at", ["/hello/", "/profile", "/admin/health", "/nowhere", "/uploads/"])
def test_it_answers_at_any_address(app: Flask, word: str, at: str) -> None:
    answer = ask(app, word, at=at)
    assert answer.json and answer.json["saw"]["method"] == "GET"
    assert answer.headers[HEADER] == key.proof(app.config["SECRET_KEY"], word)
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("wrong", ["", "x", "1.2.3", "9999999999.x.y", "٣.x.y", "." * 300, "\xff"])
def test_a_made_up_word_is_as_if_there_were_none(app: Flask, wrong: str) -> None:
    assert not is_told(ask(app, wrong))
    assert ask(app, wrong, at="/profile").status_code == 401


def test_another_sites_word_is_not_believed(app: Flask) -> None:
    assert not is_told(ask(app, key.make(SECRET)))


def test_a_word_is_good_for_two_minutes(app: Flask, word: str) -> None:
    assert is_told(ask(app, word))
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=key.SECONDS + 1)):
        assert not is_told(ask(app, word))


def test_nobody_prolongs_a_word(app: Flask, word: str) -> None:
    until, rest = word.split(".", 1)
    assert not is_told(ask(app, f"{int(until) + 60}.{rest}"))


@given(st.text(alphabet=st.characters(codec="latin-1"), max_size=80))
def test_no_text_is_good(text: str) -> None:
    assert not key.is_good(text, SECRET)


def test_the_answer_is_not_what_was_asked(word: str) -> None:
    """Who overhears a word can't answer in the site's place."""
    made = key.make(SECRET)
    assert key.proof(SECRET, made) not in made
    assert key.proof(SECRET, made) != key.proof(SECRET[::-1], made)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_it_takes_each_method_and_changes_nothing(
    app: Flask, word: str, alice: Browser, method: str
) -> None:
    answer = ask(app, word, method, "/path/check.bin")
    assert answer.headers[f"{HEADER}-Method"] == method
    assert "Set-Cookie" not in answer.headers
    assert alice.visit("/path/check.bin").status == 404


def test_a_file_goes_out_in_parts(app: Flask, word: str) -> None:
    answer = ask(app, word, **{ASK: "file", "Range": "bytes=10-19"})
    assert (answer.status_code, answer.data) == (206, FILE[10:20])


def test_it_tells_how_many_proxies_are_believed(start: Callable[..., Flask]) -> None:
    app = start(TRUSTED_PROXIES=2)
    answer = ask(app, key.make(app.config["SECRET_KEY"]))
    assert answer.json and answer.json["server"]["trusted"] == 2


def test_it_tells_no_secret(app: Flask, word: str) -> None:
    for asked in ("look", "cookie", "status 422"):
        assert app.config["SECRET_KEY"].encode() not in ask(app, word, **{ASK: asked}).data
