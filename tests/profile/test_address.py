"""/profile/address - it changes once both ends have said yes; who is told what."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update
from tests.browser import Browser, Page
from tests.conftest import PASSWORD

from frontdesk.accounts import addresses, tickets
from frontdesk.accounts.models import RESET, Member, Ticket
from frontdesk.audit import LogEntry
from frontdesk.db import db, now, transaction

NEW, OLD = "ada@new.example", "ada@old.example"
Letters = Callable[[], dict[str, Any]]


@pytest.fixture
def settings() -> dict[str, Any]:
    return {
        "MAIL_URL": "memory:",
        "MAIL_FROM": "desk@example.org",
        "PUBLIC_URL": "http://localhost",
    }


@pytest.fixture
def letters(app: Flask) -> Letters:
    """The letters that were sent, by whom they went to."""
    return lambda: {letter.to[0]: letter for letter in app.extensions["mailman"].outbox}


def give(app: Flask, name: str, email: str, confirmed: bool = True) -> None:
    """An address that somebody has had for long."""
    values = {"email": email, "email_key": addresses.key(email)}
    values |= {"email_confirmed_at": now() if confirmed else None}
    with app.app_context(), transaction() as session:
        session.execute(update(Member).where(Member.username == name).values(**values))


def kept(app: Flask, name: str = "alice") -> tuple[str, bool]:
    """A member's address, and whether it is confirmed."""
    with app.app_context():
        member = db.session.scalars(select(Member).where(Member.username == name)).one()
        return member.email, member.email_confirmed_at is not None


def ask(browser: Browser, email: str = NEW) -> Page:
    browser.visit("/profile/address")
    return browser.submit("address", email=email)


def link_in(letter: Any) -> str:
    found = re.search(r"http://localhost(/address/\S+)", letter.body)
    assert found, letter.body
    return found[1]


def confirm(browser: Browser, letter: Any, **answers: str) -> Page:
    browser.visit(link_in(letter))
    return browser.submit("confirm", **answers)


def stop(browser: Browser, letter: Any) -> Page:
    address = link_in(letter)
    return browser.post(address, stop="1")


def test_the_profile_leads_there(alice: Browser) -> None:
    assert alice.visit(alice.visit("/profile").link("Email address")).title == "Email address"


def test_a_stranger_is_asked_to_log_in(carol: Browser) -> None:
    assert carol.visit("/profile/address").status == 401


def test_it_asks_for_proof_first(alice: Browser) -> None:
    with time_machine.travel(now() + timedelta(minutes=11)):
        page = alice.visit("/profile/address")
        assert page.location == "/proof?next=/profile/address"
        assert alice.post("/profile/address", email=NEW).location.startswith("/proof")


def test_a_first_address_is_kept_once_its_reader_confirms(
    app: Flask, alice: Browser, carol: Browser, letters: Letters
) -> None:
    assert ask(alice).status == 303
    assert alice.follow().messages == ["The letter is on its way."]
    assert NEW in alice.page.text and kept(app) == ("", False)
    assert confirm(carol, letters()[NEW]).title == "The address is changed"
    assert kept(app) == (NEW, True)


def test_looking_at_the_link_changes_nothing(
    app: Flask, alice: Browser, carol: Browser, letters: Letters
) -> None:
    ask(alice)
    for _ in range(2):
        assert carol.visit(link_in(letters()[NEW])).title == "Confirm this address?"
    assert kept(app) == ("", False)


@pytest.mark.parametrize("first", [NEW, OLD])
def test_both_ends_must_confirm_in_any_order(
    app: Flask, alice: Browser, carol: Browser, letters: Letters, first: str
) -> None:
    give(app, "alice", OLD)
    ask(alice)
    last = OLD if first == NEW else NEW
    assert confirm(carol, letters()[first]).title == "Confirmed at this end"
    assert kept(app) == (OLD, True)
    assert confirm(carol, letters()[last]).title == "The address is changed"
    assert kept(app) == (NEW, True)


@pytest.mark.parametrize("end", [NEW, OLD])
def test_either_end_alone_is_not_enough(
    app: Flask, alice: Browser, carol: Browser, letters: Letters, end: str
) -> None:
    give(app, "alice", OLD)
    ask(alice)
    other = OLD if end == NEW else NEW
    with app.app_context(), transaction() as session:  # say, by a clean-up
        kind = addresses.OLD_END if other == OLD else addresses.NEW_END
        for ticket in session.scalars(select(Ticket).where(Ticket.kind == kind)):
            session.delete(ticket)
    confirm(carol, letters()[end])
    assert kept(app) == (OLD, True)


def test_the_old_end_can_stop_it(
    app: Flask, alice: Browser, carol: Browser, letters: Letters
) -> None:
    give(app, "alice", OLD)
    ask(alice)
    assert "somebody else may know it" in carol.visit(link_in(letters()[OLD])).text
    assert stop(carol, letters()[OLD]).title == "The change is stopped"
    assert carol.visit(link_in(letters()[NEW])).status == 410
    assert kept(app) == (OLD, True)


def test_an_address_that_was_never_confirmed_has_no_say(
    app: Flask, alice: Browser, carol: Browser, letters: Letters
) -> None:
    give(app, "alice", OLD, confirmed=False)
    ask(alice)
    assert set(letters()) == {NEW}
    confirm(carol, letters()[NEW])
    assert kept(app) == (NEW, True)


def test_the_old_letter_has_no_way_to_confirm_the_new_end(
    app: Flask, alice: Browser, carol: Browser, letters: Letters
) -> None:
    give(app, "alice", OLD)
    ask(alice)
    assert confirm(carol, letters()[OLD]).status == 200
    assert carol.visit(link_in(letters()[OLD])).status == 410, "it works once"
    assert kept(app) == (OLD, True)


def test_a_letter_works_for_a_day(alice: Browser, carol: Browser, letters: Letters) -> None:
    ask(alice)
    address = link_in(letters()[NEW])
    with time_machine.travel(now() + timedelta(hours=23)):
        assert carol.visit(address).status == 200
    with time_machine.travel(now() + timedelta(hours=25)):
        assert carol.visit(address).status == 410
        assert carol.post(address).status == 410


@pytest.mark.parametrize("secret", ["x", "x" * 43, "..", "%00", "é" * 300])
def test_a_guess_is_no_letter(carol: Browser, secret: str) -> None:
    assert carol.visit(f"/address/{secret}").status in {404, 410}


def test_asking_again_ends_the_first_letter(
    alice: Browser, carol: Browser, letters: Letters
) -> None:
    ask(alice, "first@x.example")
    ask(alice)
    assert carol.visit(link_in(letters()["first@x.example"])).status == 410
    assert carol.visit(link_in(letters()[NEW])).status == 200


def test_the_member_can_stop_it_too(
    app: Flask, alice: Browser, carol: Browser, letters: Letters
) -> None:
    ask(alice)
    alice.follow()
    alice.submit("cancel")
    assert alice.follow().messages == ["Your address stays as it is."]
    assert carol.visit(link_in(letters()[NEW])).status == 410


# Somebody else's address


def test_a_taken_address_is_answered_like_a_free_one(
    app: Flask, alice: Browser, bob: Browser, letters: Letters
) -> None:
    give(app, "root", "taken@x.example")
    ask(alice, "taken@x.example")
    ask(bob, "free@x.example")
    pages = [browser.follow() for browser in (alice, bob)]
    said = [page.text.replace("taken", "free") for page in pages]
    assert said[0] == said[1] and pages[0].messages == pages[1].messages
    letter = letters()["taken@x.example"]
    assert "account already" in letter.subject and "/address/" not in letter.body
    assert "alice" not in letter.body


def test_both_old_ends_are_asked_whether_it_is_taken_or_not(
    app: Flask, alice: Browser, carol: Browser, letters: Letters
) -> None:
    give(app, "root", "TAKEN@x.example")
    give(app, "alice", OLD)
    ask(alice, "taken@X.example")
    assert confirm(carol, letters()[OLD]).title == "Confirmed at this end"
    assert kept(app) == (OLD, True)


def test_who_only_wrote_an_address_down_does_not_hold_it(
    app: Flask, alice: Browser, carol: Browser, letters: Letters
) -> None:
    give(app, "root", NEW, confirmed=False)
    ask(alice)
    confirm(carol, letters()[NEW])
    assert kept(app) == (NEW, True)


def test_of_two_who_ask_for_it_the_first_to_confirm_has_it(
    app: Flask, alice: Browser, bob: Browser, carol: Browser
) -> None:
    ask(alice)
    ask(bob)
    for_alice, for_bob = app.extensions["mailman"].outbox
    confirm(carol, for_bob)
    page = confirm(carol, for_alice)
    assert (page.status, page.problems) == (
        422,
        ["This address belongs to another account. Nothing was changed."],
    )
    assert kept(app, "bob") == (NEW, True) and kept(app) == ("", False)


# What may be an address


@pytest.mark.parametrize(
    "email",
    [
        *("", " ", "x", "x@", "@x", "a b@x.example", "a,b@x.example", "<a@x.example>"),
        *("a@x.example\nBcc: b@x.example", "a" * 250 + "@x.example", '"a;b"@x.example'),
    ],
)
def test_what_is_none_is_refused(app: Flask, alice: Browser, email: str) -> None:
    page = ask(alice, email)
    assert page.errors == {"email": "Enter an email address like name@example.com"}
    assert page.status == 422 and "mailman" not in app.extensions


def test_ones_own_is_refused(app: Flask, alice: Browser) -> None:
    give(app, "alice", OLD)
    assert ask(alice, OLD.upper()).errors == {
        "email": "This is your address already. Enter another one."
    }


def test_letters_to_strangers_are_counted(app: Flask, alice: Browser) -> None:
    app.config["LOGIN_TRIES"] = 2
    assert [ask(alice, f"{n}@x.example").status for n in range(3)] == [303, 303, 429]
    assert "Retry-After" in alice.page.response.headers


def test_a_link_to_choose_a_password_ends_with_the_mailbox(
    app: Flask, alice: Browser, carol: Browser, letters: Letters
) -> None:
    with app.app_context(), transaction():
        member = db.session.scalars(select(Member).where(Member.username == "alice")).one()
        secret = tickets.issue(RESET, member.id, timedelta(hours=1))
    ask(alice)
    confirm(carol, letters()[NEW])
    with app.app_context():
        assert tickets.find(RESET, secret) is None


def test_the_log_tells_of_it_without_the_secret(
    app: Flask, alice: Browser, carol: Browser, letters: Letters
) -> None:
    ask(alice)
    confirm(carol, letters()[NEW])
    with app.app_context():
        found = select(LogEntry).where(LogEntry.what.like("member.address%")).order_by(LogEntry.id)
        entries = db.session.scalars(found).all()
        assert [entry.what for entry in entries] == ["member.address-ask", "member.address"]
        assert link_in(letters()[NEW])[9:] not in str([entry.facts for entry in entries])


def test_the_link_begins_with_the_sites_own_address(alice: Browser, letters: Letters) -> None:
    alice.visit("/profile/address")
    alice.submit("address", email=NEW, headers={"X-Forwarded-Host": "evil.example"})
    assert "evil" not in letters()[NEW].body and "http://localhost/address/" in letters()[NEW].body


def test_without_mail_it_is_kept_unconfirmed_and_the_page_says_so(
    start: Callable[..., Flask],
) -> None:
    app = start()
    alice = Browser(app.test_client())
    alice.log_in("alice", PASSWORD)
    assert "sends no mail" in alice.visit("/profile/address").text
    assert ask(alice, " Ada@New.example ").status == 303
    assert alice.follow().messages == ["Your address is saved."]
    assert kept(app) == ("Ada@New.example", False)
    with app.app_context():
        found = db.session.scalars(select(Member.email_key).where(Member.username == "alice"))
        assert found.one() == NEW
