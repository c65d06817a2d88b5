"""/profile/sessions - where one is logged in, and logging out there."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Flask, request
from flask_login import current_user
from sqlalchemy import select, update
from tests.browser import Browser, Page
from tests.conftest import PASSWORD

from frontdesk.access import public
from frontdesk.accounts import sessions
from frontdesk.accounts.models import LoginSession, Member
from frontdesk.audit import LogEntry
from frontdesk.db import db, transaction

PHONE = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/143.0.0.0 Mobile Safari/537.36"
)


@pytest.fixture
def phone(app: Flask, alice: Browser) -> Browser:
    """Alice's other device; it remembers her."""
    browser = Browser(app.test_client(), **{"User-Agent": PHONE})
    browser.visit("/login")
    browser.submit("login", username="alice", password=PASSWORD, remember=True)
    return browser


def listed(page: Page) -> list[str]:
    return [page._words(row) for row in page.html.select("#sessions li")]


def is_in(browser: Browser) -> bool:
    return browser.visit("/profile/sessions").status == 200


def log(app: Flask) -> list[str]:
    with app.app_context():
        found = select(LogEntry.what).where(LogEntry.what.like("session.%"))
        return list(db.session.scalars(found))


def address_of_other(browser: Browser) -> str:
    return str(browser.visit("/profile/sessions").html.select_one("#end-2")["action"])


def test_the_profile_leads_there(alice: Browser) -> None:
    address = alice.visit("/profile").link("Where you are logged in")
    assert alice.visit(address).title == "Where you are logged in"


def test_one_device_is_marked_and_has_no_others(alice: Browser) -> None:
    page = alice.visit("/profile/sessions")
    (row,) = listed(page)
    assert row.startswith("A program (Werkzeug) This device last seen")
    assert "from 127.0.0.1 · by password" in row and "remembered" not in row
    assert not page.html.select_one("#end-others") and "on this device only" in page.text


def test_this_device_is_first_and_each_says_what_it_is(alice: Browser, phone: Browser) -> None:
    first, second = listed(phone.visit("/profile/sessions"))
    assert re.match(r"Chrome on Android This device last seen \d.* · since \d.* · from", first)
    assert "remembered until" in first
    assert second.startswith("A program (Werkzeug) last seen")
    first, second = listed(alice.visit("/profile/sessions"))
    assert "This device" in first and second.startswith("Chrome on Android last")


def test_an_ipv6_network_is_shown_and_not_the_address(app: Flask, alice: Browser) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(LoginSession).values(address="2001:db8:1:2:3:4:5:6"))
    assert "from 2001:db8:1:2::" in listed(alice.visit("/profile/sessions"))[0]


def test_markup_in_a_user_agent_is_text(app: Flask) -> None:
    browser = Browser(app.test_client(), **{"User-Agent": "<img src=x>"})
    browser.log_in("alice", PASSWORD)
    page = browser.visit("/profile/sessions")
    assert "<img src=x>" in page.text and not page.html.select("main img")


def test_another_device_is_logged_out_at_once(app: Flask, alice: Browser, phone: Browser) -> None:
    alice.visit("/profile/sessions")
    assert alice.submit("end-2").status == 303
    assert alice.follow().messages == ["“Chrome on Android” is logged out."]
    assert not is_in(phone) and len(listed(alice.page)) == 1
    assert log(app) == ["session.end"]


def test_what_is_ended_here_is_ended_in_the_other_process(
    start: Callable[..., Flask], app: Flask, alice: Browser, phone: Browser
) -> None:
    elsewhere = Browser(start().test_client())
    cookie = phone.client.get_cookie("frontdesk")
    assert cookie
    elsewhere.client.set_cookie("frontdesk", cookie.value)
    assert is_in(elsewhere)
    alice.visit("/profile/sessions")
    alice.submit("end-2")
    assert not is_in(elsewhere)


def test_twice_is_once(app: Flask, alice: Browser, phone: Browser) -> None:
    address = address_of_other(alice)
    assert [alice.post(address).status for _ in range(2)] == [303, 404]
    assert log(app) == ["session.end"]


def test_this_one_can_be_logged_out_too(alice: Browser, phone: Browser) -> None:
    alice.visit("/profile/sessions")
    page = alice.submit("end-1")
    assert (page.status, page.location) == (303, "/")
    assert not is_in(alice) and is_in(phone)


def test_nobody_elses_can_be_logged_out(alice: Browser, phone: Browser, bob: Browser) -> None:
    address = address_of_other(alice)
    assert bob.post(address).status == 404
    assert bob.post(f"/profile/sessions/{uuid4()}/end").status == 404
    assert is_in(phone)


@pytest.mark.parametrize("address", ["/profile/sessions/end-others", "/profile/sessions/ID/end"])
def test_looking_ends_nothing(alice: Browser, phone: Browser, address: str) -> None:
    assert alice.visit(address.replace("ID", str(uuid4()))).status == 405
    assert is_in(phone)


def test_all_others_are_logged_out_and_this_one_stays(
    app: Flask, alice: Browser, phone: Browser, bob: Browser
) -> None:
    alice.visit("/profile/sessions")
    assert alice.submit("end-others").status == 303
    assert alice.follow().messages == ["1 other device is logged out."]
    assert is_in(alice) and not is_in(phone) and is_in(bob)
    assert alice.post("/profile/sessions/end-others").status == 303
    assert alice.visit("/profile").messages == ["You are logged in on this device only."]
    assert log(app) == ["session.end-others"]


def test_a_log_in_that_is_over_is_not_listed(app: Flask, alice: Browser, phone: Browser) -> None:
    with app.app_context(), transaction() as session:
        gone = update(LoginSession).where(LoginSession.remembered)
        session.execute(gone.values(expires_at=LoginSession.created_at))
    assert len(listed(alice.visit("/profile/sessions"))) == 1


def test_a_program_has_no_business_here(app: Flask, token: Callable[..., str]) -> None:
    carries = {"Authorization": f"Bearer {token(scope='write')}"}
    assert app.test_client().get("/profile/sessions", headers=carries).status_code == 403


def change_secret() -> str:
    """A page such as the change of the password."""
    sessions.renew(db.session.get_one(Member, current_user.id))
    return request.path


def test_a_renewed_log_in_is_the_same_one_under_another_secret(
    app: Flask, open_browser: Callable[[], Browser]
) -> None:
    app.add_url_rule("/renew", "renew", public(change_secret))
    alice, copy = open_browser(), open_browser()
    alice.log_in("alice", PASSWORD)
    cookie = alice.client.get_cookie("frontdesk")
    assert cookie and alice.client.get("/renew").status_code == 200
    copy.client.set_cookie("frontdesk", cookie.value)
    assert is_in(alice) and not is_in(copy) and is_in(alice)
    assert len(listed(alice.page)) == 1
