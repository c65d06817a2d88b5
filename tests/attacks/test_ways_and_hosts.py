"""Nothing that is sent along leads away from the site: no ``next``, no Referer, no Host."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from flask import Flask
from tests.accounts.codes import code_now, give_app
from tests.attacks.cast import HOME, WITH_MAIL, csrf, give_address, letters, link_in
from tests.browser import Browser, Page
from tests.conftest import PASSWORD
from tests.test_access import HOSTILE

Open = Callable[[], Browser]
NOON = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)
ADDRESSED = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Server": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Prefix": "//evil.example",
    "X-Original-URL": "//evil.example/",
    "Forwarded": "host=evil.example;proto=https",
    "Origin": HOME,
}


@pytest.fixture
def settings() -> dict[str, Any]:
    return {**WITH_MAIL, "REGISTRATION": "open", "REGISTER_TRIES": 100, "MEMBERS_MAY_INVITE": True}


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def stays(location: str | None) -> bool:
    parts = urlsplit(location or "/")
    is_plain = "\\" not in str(location) and str(location).isprintable()
    return is_plain and (parts.scheme, parts.netloc) == ("", "") and parts.path[:2] != "//"


def test_no_next_of_a_second_step_leads_away(app: Flask, carol: Browser, clock: Any) -> None:
    give_app(app, "alice")
    for target in HOSTILE:
        carol.client.delete_cookie("frontdesk")
        carol.visit("/login")
        page = carol.submit("login", username="alice", password=PASSWORD, next=target)
        assert page.location.split("=")[0] == "/login/second-step?next"
        answer = carol.client.get("/login/second-step", query_string={"next": target})
        assert answer.status_code == 200
        carol.follow()
        assert carol.submit("second-step", code=code_now(), next=target).location == "/hello/"
        clock.shift(timedelta(minutes=20))  # each code is good once


def test_no_next_of_who_is_in_or_late_leads_away(alice: Browser, carol: Browser) -> None:
    for target in HOSTILE:
        for browser in (alice, carol):
            answer = browser.client.get("/login/second-step", query_string={"next": target})
            assert answer.status_code == 303 and stays(answer.headers["Location"]), target
        answer = alice.client.get("/login", query_string={"next": target})
        assert answer.headers["Location"] == "/hello/"


def test_no_next_and_no_referer_of_the_small_forms_leads_away(carol: Browser) -> None:
    token = csrf(carol)
    for target in HOSTILE:
        sent = {"csrf_token": token, "theme": "dark", "language": "zh", "next": target}
        for place in ("/theme", "/language"):
            assert stays(carol.client.post(place, data=sent).headers["Location"]), target


def test_a_proof_that_is_late_leads_back_to_this_site_alone(open_browser: Open, clock: Any) -> None:
    """The page before is what the browser says it was, and anybody can say anything."""
    alice = open_browser()
    alice.log_in("alice", PASSWORD)
    token = csrf(alice)
    clock.shift(timedelta(minutes=20))
    for whence in (f"{HOME}//evil.example", f"{HOME}/\\evil.example", f"{HOME}///evil.example/a"):
        sent = {"csrf_token": token, "name": "x", "scope": "read"}
        answer = alice.client.post("/profile/tokens", data=sent, headers={"Referer": whence})
        assert answer.status_code in {303, 400}
        assert "//" not in answer.headers.get("Location", "/"), whence


def submit_elsewhere(browser: Browser, form: str, **answers: str) -> Page:
    """Send the form with headers that name another host."""
    browser.client.environ_base["HTTP_HOST"] = "evil.example"
    page = browser.submit(form, headers=ADDRESSED, **answers)
    del browser.client.environ_base["HTTP_HOST"]
    return page


def test_no_letter_names_another_host(app: Flask, open_browser: Open, root: Browser) -> None:
    """Each kind that a request asks for, with every header that names a host."""
    give_address(app, "alice", "alice@post.example")
    alice = open_browser()
    alice.log_in("alice", PASSWORD)
    sends: list[tuple[Browser, str, str, dict[str, str]]] = [
        (open_browser(), "/forgot", "forgot", {"username": "alice"}),
        (
            open_browser(),
            "/register",
            "register",
            {"username": "dora", "email": "dora@post.example", "password": PASSWORD},
        ),
        (
            open_browser(),
            "/register",
            "register",
            {"username": "eve", "email": "alice@post.example", "password": PASSWORD},
        ),
        (alice, "/profile/address", "address", {"email": "alice@new.example"}),
        (root, "/admin/invites/new", "invite", {"email": "zoe@post.example"}),
    ]
    for browser, address, form, answers in sends:
        browser.visit(address)
        submit_elsewhere(browser, form, **answers)
    assert len(letters(app)) >= len(sends)
    for letter in letters(app):
        assert "evil" not in letter.body + letter.subject + str(letter.from_email)
        assert letter.body.count("://") == letter.body.count(HOME) > 0


def test_a_link_to_copy_names_the_sites_own_host(root: Browser) -> None:
    root.visit("/admin/invites/new")
    page = submit_elsewhere(root, "invite")
    assert str(page.html.select_one("input#link")["value"]).startswith(f"{HOME}/invite/")
    root.visit("/admin/people/bob/reset-link")
    page = submit_elsewhere(root, "deed")
    assert str(page.html.select_one("input#secret")["value"]).startswith(f"{HOME}/reset/")


def test_a_letters_page_tells_no_other_site_where_it_was(app: Flask, carol: Browser) -> None:
    give_address(app, "alice", "alice@post.example")
    carol.visit("/forgot")
    carol.submit("forgot", username="alice")
    page = carol.visit(link_in(letters(app)[-1]))
    assert page.response.headers["Referrer-Policy"] in {"same-origin", "no-referrer"}
    assert page.response.headers["Cache-Control"] == "no-store"
