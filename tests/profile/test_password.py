"""/profile/password - a member changes their password and stays logged in here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from tests.browser import Browser, Page
from tests.conftest import PASSWORD

from frontdesk.accounts import passwords, service, tickets
from frontdesk.accounts.models import RESET, LoginSession
from frontdesk.accounts.resets import BY_ADMIN
from frontdesk.audit import LogEntry
from frontdesk.db import db, transaction

NEW = "another long password"


def change(browser: Browser, old: str = PASSWORD, new: str = NEW, **answers: Any) -> Page:
    browser.visit("/profile/password")
    return browser.submit("password", current_password=old, new_password=new, **answers)


def secrets_of(app: Flask, name: str) -> set[str]:
    with app.app_context():
        member = service.find(name)
        assert member
        mine = select(LoginSession.token_hash).where(LoginSession.member_id == member.id)
        return set(db.session.scalars(mine))


def test_the_profile_leads_there(alice: Browser) -> None:
    assert alice.visit(alice.visit("/profile").link("Password")).title == "Change password"


def test_the_rules_stand_there_before_anything_is_typed(alice: Browser) -> None:
    page = alice.visit("/profile/password")
    hint = page.html.select_one(f"#{page.html.select_one('#new_password')['aria-describedby']}")
    assert hint and Page._words(hint) == str(passwords.RULES)


def test_the_new_one_logs_in_and_the_old_one_does_not(carol: Browser, alice: Browser) -> None:
    assert change(alice).location == "/profile"
    assert alice.follow().messages == [
        "Your password is changed. Other devices are logged out, and tokens have ended."
    ]
    assert carol.log_in("alice", PASSWORD).status == 422
    assert carol.log_in("alice", NEW).status == 303


def test_this_device_stays_in_under_a_new_secret(
    app: Flask, alice: Browser, open_browser: Callable[[], Browser]
) -> None:
    thief = open_browser()
    thief.client.set_cookie("frontdesk", alice.client.get_cookie("frontdesk").value)
    assert thief.visit("/profile").status == 200
    before = secrets_of(app, "alice")
    change(alice)
    after = secrets_of(app, "alice")
    assert len(after) == 1 and not before & after
    assert alice.visit("/profile").status == 200
    assert thief.visit("/profile").status == 401


def test_a_remembered_log_in_stays_remembered(carol: Browser) -> None:
    carol.visit("/login")
    carol.submit("login", username="alice", password=PASSWORD, remember=True)
    change(carol)
    assert carol.client.get_cookie("frontdesk").expires is not None


def test_other_devices_and_tokens_end(
    app: Flask,
    alice: Browser,
    open_browser: Callable[[], Browser],
    token: Callable[..., str],
) -> None:
    elsewhere, program = open_browser(), token("alice")
    elsewhere.log_in("alice", PASSWORD)
    change(alice)
    assert elsewhere.visit("/profile").status == 401
    headers = {"Authorization": f"Bearer {program}"}
    assert app.test_client().get("/me", headers=headers).status_code == 401


def test_they_stay_if_one_says_so(
    app: Flask,
    alice: Browser,
    open_browser: Callable[[], Browser],
    token: Callable[..., str],
) -> None:
    elsewhere, program = open_browser(), token("alice")
    elsewhere.log_in("alice", PASSWORD)
    assert change(alice, everywhere=False).status == 303
    assert alice.follow().messages == ["Your password is changed."]
    assert elsewhere.visit("/profile").status == 200
    headers = {"Authorization": f"Bearer {program}"}
    assert app.test_client().get("/me", headers=headers).status_code == 200


def test_a_link_to_reset_it_ends_in_any_case(app: Flask, alice: Browser) -> None:
    with app.app_context(), transaction():
        member = service.find("alice")
        assert member
        secret = tickets.issue(RESET, member.id, BY_ADMIN)
    change(alice, everywhere=False)
    with app.app_context():
        assert tickets.find(RESET, secret) is None


def test_it_says_what_is_missing(alice: Browser) -> None:
    page = change(alice, "", "")
    assert (page.status, page.errors) == (
        422,
        {
            "current_password": "Enter your current password",
            "new_password": "Enter a new password",
        },
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("wrong", NEW, {"current_password": "The password is not right"}),
        (PASSWORD, "short", {"new_password": "Password must be at least 12 characters"}),
        (
            PASSWORD,
            "password123456",
            {"new_password": "Choose a password that fewer people use, such as four words"},
        ),
        (
            PASSWORD,
            "Alice-2026-12345",
            {"new_password": "Choose a password that is not your username"},
        ),
    ],
)
def test_it_refuses_and_changes_nothing(
    carol: Browser, alice: Browser, old: str, new: str, said: dict[str, str]
) -> None:
    page = change(alice, old, new)
    assert (page.status, page.errors) == (422, said)
    assert not any(field.get("value") for field in page.html.select("input[type=password]"))
    assert carol.log_in("alice", PASSWORD).status == 303


def test_guesses_at_the_old_one_are_counted(alice: Browser) -> None:
    tried = [change(alice, "wrong").status for _ in range(11)]
    assert tried == [422] * 10 + [429]
    assert int(alice.page.response.headers["Retry-After"]) > 0
    assert alice.page.problems[0].startswith("Too many tries. Try again in ")


def test_a_token_does_not_open_it(app: Flask, token: Callable[..., str]) -> None:
    headers = {"Authorization": f"Bearer {token('alice', 'write')}"}
    assert app.test_client().get("/profile/password", headers=headers).status_code == 403


def test_a_stranger_is_asked_to_log_in(carol: Browser) -> None:
    assert carol.visit("/profile/password").status == 401
    assert carol.post("/profile/password", current_password=PASSWORD).status == 401


def test_another_member_changes_their_own_only(bob: Browser, carol: Browser) -> None:
    bob.post(
        "/profile/password",
        **{"current_password": PASSWORD, "new_password": NEW, "username": "alice", "id": "alice"},
    )
    assert carol.log_in("alice", PASSWORD).status == 303


def test_the_log_tells_it(app: Flask, alice: Browser) -> None:
    change(alice, everywhere=False)
    with app.app_context():
        entry = db.session.scalars(select(LogEntry).filter_by(what="member.password")).one()
        assert (entry.who, entry.facts) == ("alice", {"by": "member", "everywhere": False})


def test_the_owner_is_told_by_letter(start: Callable[..., Flask]) -> None:
    mail = {"MAIL_URL": "memory:", "MAIL_FROM": "desk@desk.example"}
    app = start(**mail, PUBLIC_URL="https://desk.example")
    with app.app_context(), transaction():
        member = service.find("alice")
        assert member
        member.email = "alice@post.example"
    browser = Browser(app.test_client())
    browser.log_in("alice", PASSWORD)
    change(browser)
    (letter,) = app.extensions["mailman"].outbox
    assert letter.subject == "Your password for Frontdesk was changed"
    assert "https://desk.example/forgot" in letter.body
    assert NEW not in letter.body
