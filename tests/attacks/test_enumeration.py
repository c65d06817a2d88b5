"""Nobody learns who has an account: unknown, disabled, waiting, leaving and gone answer alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from tests.accounts.codes import give_app
from tests.attacks.cast import WITH_MAIL, change, give_address, letters, recipients, shape
from tests.browser import Browser
from tests.conftest import PASSWORD

from frontdesk.accounts import passwords, resets, service
from frontdesk.accounts.models import LEFT
from frontdesk.db import now, transaction

Open = Callable[[], Browser]
# Names that stand in no page by themselves.
KINDS = ("1.known", "2.second", "3.nobody", "4.disabled", "5.waiting", "6.leaving", "7.gone")


@pytest.fixture
def settings() -> dict[str, Any]:
    return {**WITH_MAIL, "REGISTRATION": "open", "REGISTER_TRIES": 100}


@pytest.fixture(autouse=True)
def people(app: Flask) -> None:
    """One of each kind, called what they are."""
    facts: dict[str, dict[str, Any]] = {
        "1.known": {},
        "2.second": {},
        "4.disabled": {"disabled_at": now()},
        "5.waiting": {"waiting_since": now()},
        "6.leaving": {"leaves_at": now() + timedelta(days=9)},
        "7.gone": {"username_key": "left:1", "role": LEFT, "disabled_at": now()},
    }
    with app.app_context():
        for name in facts:
            service.create(name, PASSWORD)
    give_app(app, "2.second")
    for name, values in facts.items():
        give_address(app, name, f"{name}@post.example")
        change(app, name, **values) if values else None


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each hash that was looked at or made, which is what takes time."""
    done, hasher = list[str](), passwords._hasher

    class Counting:
        check_needs_rehash = hasher.check_needs_rehash

        def verify(self, password_hash: str, password: str) -> bool:
            done.append("verify")
            return hasher.verify(password_hash, password)

        def hash(self, password: str) -> str:
            done.append("hash")
            return hasher.hash(password)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    return done


def test_a_wrong_password_is_answered_alike_and_costs_the_same(
    open_browser: Open, work: list[str]
) -> None:
    answers, costs = {}, {}
    open_browser().log_in("0.nobody", "a wrong password")  # the first makes the hash for nobody
    for name in KINDS:
        work.clear()
        answers[name] = shape(open_browser().log_in(name, "a wrong password"), name)
        costs[name] = list(work)
    assert len(set(answers.values())) == 1
    assert set(map(tuple, costs.values())) == {("verify",)}


@pytest.mark.parametrize("by", ["name", "address"])
def test_a_forgotten_password_too_and_only_who_may_log_in_gets_a_letter(
    app: Flask, open_browser: Open, work: list[str], by: str
) -> None:
    answers = set()
    for name in KINDS:
        browser, asked = open_browser(), name if by == "name" else f"{name}@post.example"
        browser.visit("/forgot")
        answers.add(shape(browser.submit("forgot", username=asked), asked))
        answers.add(shape(browser.follow(), asked))
    assert len(answers) == 2 and not work
    assert recipients(app) == [
        f"{name}@post.example" for name in ("1.known", "2.second", "6.leaving")
    ]


def test_others_who_write_an_address_down_do_not_take_the_owners_letter(
    app: Flask, open_browser: Open
) -> None:
    """Five letters go to one address at most; who is it for sure is the first of them."""
    with app.app_context():
        for number in range(12):
            made = service.create(f"a{number}", PASSWORD, email="1.known@post.example")
            with transaction():
                made.waiting_since = now() if number < 6 else None
    browser = open_browser()
    browser.visit("/forgot")
    browser.submit("forgot", username="1.KNOWN@post.example")
    assert len(letters(app)) == 5 and "1.known" in letters(app)[0].body
    assert not [letter for letter in letters(app) for n in range(6) if f"a{n}," in letter.body]


def test_registering_with_anybodys_address_is_answered_alike(
    app: Flask, open_browser: Open, work: list[str]
) -> None:
    answers, costs = set(), set()
    for number, name in enumerate(KINDS):
        browser = open_browser()
        browser.visit("/register")
        work.clear()
        said = {"username": f"newcomer{number}", "email": f"{name}@post.example"}
        answers.add(shape(browser.submit("register", password=PASSWORD, **said), *said.values()))
        costs.add(tuple(work))
    assert len(answers) == 1 and costs == {("hash",)}
    assert len(letters(app)) == len(KINDS)


def test_changing_to_anybodys_address_is_answered_alike(app: Flask, alice: Browser) -> None:
    answers = set()
    with time_machine.travel(now(), tick=False):  # the page says until when the letter is good
        for name in KINDS:
            alice.visit("/profile/address")
            answers.add(shape(alice.submit("address", email=f"{name}@post.example"), name))
            answers.add(shape(alice.follow(), f"{name}@post.example"))
    assert len(answers) == 2
    assert recipients(app) == [f"{name}@post.example" for name in KINDS]


def test_a_passkeys_question_names_nobody(open_browser: Open) -> None:
    """It is asked without a name: there is nothing to tell."""
    browser = open_browser()
    headers = {
        "X-CSRFToken": str(browser.visit("/login").html.select_one("[name=csrf_token]")["value"])
    }
    asked = [
        browser.client.post("/login/passkey/options", json={"username": name}, headers=headers)
        for name in KINDS
    ]
    assert {(a.status_code, tuple(a.json["allowCredentials"])) for a in asked} == {(200, ())}


def test_a_secret_that_never_was_is_answered_like_one_that_ended(
    app: Flask, open_browser: Open
) -> None:
    with app.app_context():
        known = service.find("1.known")
        assert known
        used = resets.admin_link(known)
        service.set_password(known, "another long password")
    asked = {shape(open_browser().visit(f"/reset/{secret}"), secret) for secret in (used, "x" * 43)}
    assert len(asked) == 1


def test_an_address_in_other_letters_is_the_same_one_everywhere(app: Flask, alice: Browser) -> None:
    """Full-width letters and capitals: the mailbox is the same, so it is taken, and found."""
    alice.visit("/profile/address")
    alice.submit("address", email="１.ＫＮＯＷＮ@ｐost.example")
    assert "/address/" not in letters(app)[-1].body
    alice.visit("/forgot")
    alice.submit("forgot", username="１.ＫＮＯＷＮ@ｐost.example")
    assert recipients(app)[-1] == "1.known@post.example"
