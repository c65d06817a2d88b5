"""/register, /confirm/SECRET and /admin/waiting - somebody comes by themselves."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import update
from tests.accounts.test_invites import MAIL, letters, link_in, of
from tests.browser import Browser, Page
from tests.conftest import PASSWORD

from frontdesk.accounts import expiry
from frontdesk.accounts.models import Member
from frontdesk.db import now, transaction

OPEN = {"REGISTRATION": "open"}


@pytest.fixture
def settings() -> dict[str, object]:
    return {**OPEN, **MAIL}


@pytest.fixture(autouse=True)
def known(app: Flask) -> None:
    """Alice and the admin have addresses that are theirs."""
    with app.app_context(), transaction() as session:
        for name in ("alice", "root"):
            email = f"{name}@example.net"
            values = {"email": email, "email_key": email, "email_confirmed_at": now()}
            session.execute(update(Member).where(Member.username == name).values(**values))


def register(browser: Browser, username: str = "dora", email: str = "dora@example.net") -> Page:
    browser.visit("/register")
    return browser.submit("register", username=username, email=email, password=PASSWORD)


def confirm(browser: Browser, address: str) -> Page:
    browser.visit(address)
    return browser.submit("confirm")


def test_from_the_log_in_to_the_desk(app: Flask, carol: Browser, root: Browser) -> None:
    carol.visit(carol.visit("/login").link("Register"))
    carol.submit("register", username="dora", email="dora@example.net", password=PASSWORD)
    assert carol.follow().title == "Look into your mailbox"
    [asked] = letters(app)
    assert asked.recipients() == ["dora@example.net"]
    assert confirm(carol, link_in(asked)).location == "/login"
    told = letters(app)[1]
    assert told.recipients() == ["root@example.net"] and told.subject.startswith("dora waits")
    page = root.visit(link_in(told))
    assert "dora@example.net · confirmed" in page.text
    assert root.submit("admit-1").status == 303
    assert root.follow().messages == ["dora may log in now."]
    assert letters(app)[2].recipients() == ["dora@example.net"]
    assert carol.log_in("dora", PASSWORD).location == "/hello/"


@pytest.mark.parametrize("mode", ["closed", "invite"])
def test_where_it_is_not_open_nobody_registers(start: Callable[..., Flask], mode: str) -> None:
    app = start(REGISTRATION=mode)
    carol = Browser(app.test_client())
    page = carol.visit("/register")
    said = {"closed": "Page not found", "invite": "Somebody has to invite you"}[mode]
    assert page.title == said and not page.html.select("#register")
    assert "Register" not in carol.visit("/login").text
    carol.post("/register", username="dora", email="d@example.net", password=PASSWORD)
    assert of(app, "dora") is None and carol.visit("/register/done").status == 404


def test_who_waits_is_told_so_only_with_the_right_password(
    app: Flask, carol: Browser, open_browser: Callable[[], Browser]
) -> None:
    register(carol)
    wrong, nobody = open_browser().log_in("dora", "wrong"), open_browser().log_in("eve", "wrong")
    assert wrong.problems == nobody.problems == ["The username or password is not right"]
    right = open_browser().log_in("dora", PASSWORD)
    assert right.status == 422 and "waiting" in right.problems[0]


def test_confirmed_is_not_yet_admitted(app: Flask, carol: Browser) -> None:
    register(carol)
    confirm(carol, link_in(letters(app)[0]))
    assert carol.log_in("dora", PASSWORD).status == 422


def test_who_waits_is_nobody_to_others(carol: Browser, alice: Browser) -> None:
    register(carol)
    users = alice.client.get("/users", headers={"Accept": "application/json"}).json
    assert "dora" not in {user["username"] for user in users or []}
    alice.visit("/post/new")
    assert alice.post("/post/new", to="dora", message="x").status == 422


def test_a_taken_address_is_answered_like_a_fresh_one(
    app: Flask, open_browser: Callable[[], Browser]
) -> None:
    fresh, taken = (
        register(open_browser(), name, email)
        for name, email in [("dora", "dora@example.net"), ("eve", " ALICE@example.net ")]
    )
    assert (fresh.status, fresh.location) == (taken.status, taken.location)
    assert {k for k, _ in fresh.response.headers} == {k for k, _ in taken.response.headers}
    asked, told = letters(app)
    assert "/confirm/" in asked.body
    assert told.recipients() == ["alice@example.net"] and "alice" in told.body
    assert "/confirm/" not in told.body
    for name in ("dora", "eve"):
        again = register(open_browser(), name, f"{name}-2@example.net")
        assert again.errors == {"username": f"The username {name} is taken. Try another."}
        assert "waiting" in open_browser().log_in(name, PASSWORD).problems[0]


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"username": ""}, "username"),
        ({"username": "a b"}, "username"),
        ({"email": ""}, "email"),
        ({"email": "nowhere"}, "email"),
        ({"email": "a@example.net\r\nBcc: eve@example.com"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": ""}, "password"),
    ],
)
def test_a_wrong_answer_is_said_beside_it(
    app: Flask, carol: Browser, answers: dict[str, str], field: str
) -> None:
    carol.visit("/register")
    given = {"username": "dora", "email": "dora@example.net", "password": PASSWORD}
    page = carol.submit("register", **{**given, **answers})
    assert (page.status, set(page.errors)) == (422, {field})
    assert of(app, "dora") is None and not letters(app)


def test_nobody_admits_themselves(app: Flask, carol: Browser, alice: Browser) -> None:
    carol.post(
        "/register", username="dora", email="d@example.net", password=PASSWORD, role="admin",
        waiting_since="", email_confirmed_at="2026-01-01",
    )  # fmt: skip
    member = of(app, "dora")
    assert member and member.waiting_since and not member.email_confirmed_at
    assert member.role == "member"
    for browser in (carol, alice):
        status = browser.post(f"/admin/waiting/{member.id}/admit").status
        assert status == (401 if browser is carol else 404)
    assert alice.visit("/admin/waiting").status == 404


def test_an_admin_admits_nobody_whose_address_is_not_confirmed(
    app: Flask, carol: Browser, root: Browser
) -> None:
    register(carol)
    assert not root.visit("/admin/waiting").html.select("#admit-1")
    member = of(app, "dora")
    assert member
    root.post(f"/admin/waiting/{member.id}/admit")
    assert "not confirmed yet" in root.visit("/admin/waiting").messages[0]
    assert carol.log_in("dora", PASSWORD).status == 422


def test_who_is_turned_away_is_gone(app: Flask, carol: Browser, root: Browser) -> None:
    register(carol)
    root.visit("/admin/waiting")
    root.submit("turn-away-1")
    assert root.follow().messages == ["dora is turned away."] and of(app, "dora") is None
    assert carol.visit(link_in(letters(app)[0])).status == 410


def test_a_member_can_not_be_turned_away(app: Flask, root: Browser) -> None:
    member = of(app, "alice")
    assert member
    root.post(f"/admin/waiting/{member.id}/turn-away")
    assert of(app, "alice") and root.visit("/help").messages == ["Nobody of that name waits."]


# The letter's link


def test_looking_confirms_nothing(app: Flask, carol: Browser) -> None:
    """Some mail programs open links."""
    register(carol)
    address = link_in(letters(app)[0])
    assert carol.visit(address).title == "Is this your address?"
    member = of(app, "dora")
    assert member and not member.email_confirmed_at


def test_it_is_good_once(app: Flask, carol: Browser) -> None:
    register(carol)
    address = link_in(letters(app)[0])
    confirm(carol, address)
    assert carol.visit(address).status == 410 and carol.post(address).status == 410


def test_after_two_days_it_has_ended_and_so_has_the_account(app: Flask, carol: Browser) -> None:
    register(carol)
    with time_machine.travel(now() + timedelta(hours=49)):
        assert carol.visit(link_in(letters(app)[0])).status == 410
        with app.app_context():
            expiry.remove_ended()
    assert of(app, "dora") is None


def test_who_confirmed_is_not_removed(app: Flask, carol: Browser) -> None:
    register(carol)
    confirm(carol, link_in(letters(app)[0]))
    with time_machine.travel(now() + timedelta(days=60)), app.app_context():
        expiry.remove_ended()
    assert of(app, "dora")


def test_of_two_with_one_address_the_first_to_confirm_has_it(
    app: Flask, open_browser: Callable[[], Browser]
) -> None:
    for name in ("dora", "eve"):
        register(open_browser(), name)
    first, second = map(link_in, letters(app))
    browser = open_browser()
    browser.visit(second)
    form = browser.page
    assert confirm(open_browser(), first).status == 303
    browser.page = form
    assert browser.submit("confirm").status == 410
    member = of(app, "eve")
    assert member and not member.email_confirmed_at


# Limits


def test_one_address_registers_not_too_often(start: Callable[..., Flask]) -> None:
    browser = Browser(start(REGISTER_TRIES=2, **OPEN, **MAIL).test_client())
    said = [register(browser, f"d{n}", f"d{n}@example.net").status for n in range(3)]
    assert said == [303, 303, 429]
    assert re.match(r"Too many tries\. Try again in \d+ minutes?\.", browser.page.problems[0])
    assert browser.page.response.headers["Retry-After"]


def test_nobodys_mailbox_is_flooded(app: Flask, open_browser: Callable[[], Browser]) -> None:
    def from_elsewhere(number: int) -> int:
        browser = open_browser()
        browser.client.environ_base["REMOTE_ADDR"] = f"192.0.2.{number}"
        return register(browser, f"d{number}", "Alice@example.net").status

    assert [from_elsewhere(n) for n in range(1, 6)] == [303] * 3 + [429] * 2
    assert len(letters(app)) == 3


# Without mail


def test_without_mail_an_admin_alone_says_yes(start: Callable[..., Flask]) -> None:
    app = start(**OPEN)
    carol, root = Browser(app.test_client()), Browser(app.test_client())
    register(carol)
    assert carol.follow().title == "You are registered"
    root.log_in("root", PASSWORD)
    assert "dora@example.net · not checked" in root.visit("/admin/waiting").text
    root.submit("admit-1")
    assert carol.log_in("dora", PASSWORD).status == 303


def test_letters_speak_the_newcomers_language(app: Flask, open_browser: Any) -> None:
    browser = Browser(app.test_client(), **{"Accept-Language": "zh"})
    register(browser)
    assert re.search("[\u4e00-\u9fff]", letters(app)[0].subject)
