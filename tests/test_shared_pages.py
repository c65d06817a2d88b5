"""Pages that are written once: the next who asks gets the same words and a token of their own."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from tests.browser import Browser

from frontdesk import pages

TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')


@pytest.fixture
def written(app: Flask) -> dict[object, str]:
    kept: dict[object, str] = app.extensions.setdefault("shared pages", {})
    kept.clear()
    return kept


def test_a_page_is_written_once_for_all_who_see_the_same(app, written):
    for _ in range(3):
        Browser(app.test_client()).visit("/login")
    assert len(written) == 1


def test_everybody_gets_a_token_of_their_own_and_none_is_kept(app, written):
    said = [app.test_client().get("/login").text for _ in range(2)]
    tokens = {token for page in said for token in TOKEN.findall(page)}
    assert len(tokens) == 2  # the same in all forms of a page
    assert not [token for token in tokens for text in written.values() if token in text]
    assert pages.PLACEHOLDER not in app.test_client().get("/login").text


@pytest.mark.parametrize("headers", [{"Accept-Language": "zh"}, {"Host": "elsewhere.example"}])
def test_whoever_asks_differently_gets_another_page(app, written, headers):
    app.test_client().get("/login")
    app.test_client().get("/login", headers=headers)
    assert len(written) == 2


@pytest.mark.parametrize("cookie", [("theme", "dark"), ("language", "zh"), ("username", "ann")])
def test_whoever_chose_otherwise_gets_another_page(app, written, cookie):
    app.test_client().get("/login")
    client = app.test_client()
    client.set_cookie(*cookie)
    client.get("/login")
    assert len(written) == 2


def test_another_address_is_another_page(app, written):
    assert "/a" in app.test_client().get("/login?next=/a").text
    assert "/b" in app.test_client().get("/login?next=/b").text


def test_members_never_see_each_others(alice, bob):
    assert "alice" in alice.visit("/hello/").text
    assert "alice" not in bob.visit("/hello/").text


def test_what_is_said_once_is_said_once(app, written):
    client = app.test_client()
    client.get("/login")
    with client.session_transaction() as session:
        session["_flashes"] = [("message", "Only now")]
    assert "Only now" in client.get("/login").text
    assert "Only now" not in client.get("/login").text
    assert not [text for text in written.values() if "Only now" in text]


def test_in_debug_each_is_written_anew(app, written):
    app.debug = True
    app.test_client().get("/login")
    assert not written


def test_there_are_never_more_than_so_many(app, written, monkeypatch):
    monkeypatch.setattr(pages, "MOST_SHARED", 3)
    for number in range(10):
        app.test_client().get(f"/login?next=/{number}")
    assert len(written) <= 3
