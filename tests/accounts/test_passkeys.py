"""/login/passkey and /proof/passkey - a passkey lets its member in, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from tests.accounts.authenticator import (
    LOGIN,
    PRESENT,
    PROOF,
    Key,
    add,
    log_in,
    options,
    post,
    problem,
    read,
    show,
)
from tests.browser import Browser
from tests.conftest import PASSWORD

from frontdesk.accounts import ceremonies, entering, service
from frontdesk.accounts.models import Challenge, LoginSession, Passkey
from frontdesk.audit import LogEntry
from frontdesk.db import db, now, transaction

WRONG = "This passkey is not right here. Use another one, or your password."
LATE = "That took too long. Try again."
Open = Callable[[], Browser]


def who(browser: Browser) -> str:
    """Who this device is logged in as; empty for nobody."""
    answer = browser.client.get("/me", headers={"Accept": "application/json"})
    return str((answer.json or {}).get("username", ""))


def refusals(app: Flask) -> list[str]:
    """Why passkeys were refused, as the log tells."""
    with app.app_context():
        entries = db.session.scalars(select(LogEntry).where(LogEntry.what.like("%-refused"))).all()
        return [entry.facts["why"] for entry in entries]


def half_way(browser: Browser) -> Browser:
    """After a password that was right, where a passkey is asked for too."""
    assert browser.log_in("alice", PASSWORD).location.startswith("/login/second-step")
    browser.follow()
    return browser


# Log in


def test_a_passkey_lets_its_member_in_without_a_name(alice: Browser, carol: Browser) -> None:
    page = log_in(carol, add(alice))
    assert (page.status, page.response.json) == (200, {"location": "/hello/"})
    assert who(carol) == "alice"


def test_it_is_two_steps_in_one_and_the_row_says_so(
    app: Flask, alice: Browser, carol: Browser
) -> None:
    log_in(carol, add(alice))
    with app.app_context():
        newest = select(LoginSession).order_by(LoginSession.created_at.desc())
        assert db.session.scalars(newest).first().method == entering.PASSKEY


def test_it_leads_on_to_where_one_wanted_to_go(alice: Browser, carol: Browser) -> None:
    assert log_in(carol, add(alice), next="/profile").response.json == {"location": "/profile"}


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", 7, None, ["/"]])
def test_it_leads_nowhere_else(alice: Browser, carol: Browser, target: object) -> None:
    assert log_in(carol, add(alice), next=target).response.json == {"location": "/hello/"}


def test_the_device_is_remembered_if_asked(app: Flask, alice: Browser, carol: Browser) -> None:
    log_in(carol, add(alice), remember=True)
    assert carol.client.get_cookie("username").value == "alice"
    with app.app_context():
        assert sorted(db.session.scalars(select(LoginSession.remembered))) == [False, True]


def test_the_token_of_the_page_before_is_worth_nothing_afterwards(
    alice: Browser, carol: Browser
) -> None:
    """The session begins anew, so nobody can fix one on a member."""
    log_in(carol, add(alice))
    assert post(carol, PROOF, credential={}).status == 400


def test_a_stranger_is_asked_for_any_passkey_and_to_verify_themselves(carol: Browser) -> None:
    carol.visit("/login")
    asked = options(carol, LOGIN)
    assert (asked["rpId"], asked["userVerification"]) == ("localhost", "required")
    assert asked["allowCredentials"] == [] and len(read(asked["challenge"])) == 32


def test_the_last_use_is_kept(app: Flask, alice: Browser, carol: Browser) -> None:
    log_in(carol, add(alice))
    with app.app_context():
        passkey = db.session.scalars(select(Passkey)).one()
        assert passkey.used_at and now() - passkey.used_at < timedelta(minutes=1)


# What is wrong


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "http://evil.example"},
        {"origin": "https://localhost"},
        {"origin": "http://localhost:81"},
        {"party": "evil.example"},
        {"flags": PRESENT},
        {"flags": 0},
        {"secret": Key().secret},
        {"id": b"unknown"},
        {"handle": b"somebody else"},
        {"handle": b""},
    ],
    ids=lambda wrong: " ".join(wrong),
)
def test_it_refuses_all_causes_in_one_sentence(
    app: Flask, alice: Browser, carol: Browser, wrong: dict[str, object]
) -> None:
    page = log_in(carol, replace(add(alice), **wrong))  # type: ignore[arg-type]
    assert (page.status, problem(page), who(carol)) == (422, WRONG, "")
    assert refusals(app) in (["signature"], ["unknown"])


@pytest.mark.parametrize("column", ["disabled_at", "waiting_since"])
def test_who_may_not_log_in_is_refused_in_the_same_words(
    app: Flask, alice: Browser, carol: Browser, column: str
) -> None:
    key = add(alice)
    with app.app_context(), transaction():
        member = service.find("alice")
        assert member
        setattr(member, column, now())
    assert problem(log_in(carol, key)) == WRONG and who(carol) == ""


def test_a_removed_one_opens_nothing(app: Flask, alice: Browser, carol: Browser) -> None:
    key = add(alice)
    with app.app_context(), transaction() as session:
        session.delete(session.scalars(select(Passkey)).one())
    assert problem(log_in(carol, key)) == WRONG


def test_an_answer_is_good_once(alice: Browser, carol: Browser, open_browser: Open) -> None:
    key = add(alice)
    carol.visit("/login")
    answer = key.sign(options(carol, LOGIN))
    assert post(carol, LOGIN, credential=answer).status == 200
    carol.visit("/logout")
    carol.submit("logout")
    carol.visit("/login")
    assert problem(post(carol, LOGIN, credential=answer)) == LATE


def test_a_wrong_answer_uses_the_challenge_up(alice: Browser, carol: Browser) -> None:
    key = add(alice)
    carol.visit("/login")
    asked = options(carol, LOGIN)
    assert (
        problem(post(carol, LOGIN, credential=replace(key, count=0, flags=0).sign(asked))) == WRONG
    )
    assert problem(post(carol, LOGIN, credential=key.sign(asked))) == LATE


def test_an_answer_from_another_device_is_none(
    alice: Browser, carol: Browser, open_browser: Open
) -> None:
    key, thief = add(alice), open_browser()
    carol.visit("/login")
    thief.visit("/login")
    answer = key.sign(options(carol, LOGIN))
    assert problem(post(thief, LOGIN, credential=answer)) == LATE and who(thief) == ""


def test_after_five_minutes_it_is_too_late(alice: Browser, carol: Browser) -> None:
    key = add(alice)
    with time_machine.travel(now(), tick=False) as clock:
        carol.visit("/login")
        asked = options(carol, LOGIN)
        clock.shift(timedelta(minutes=5, seconds=1))
        assert problem(post(carol, LOGIN, credential=key.sign(asked))) == LATE


def test_what_nobody_answered_goes(app: Flask, carol: Browser) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        for _ in range(2):
            carol.visit("/login")
            options(carol, LOGIN)
            clock.shift(timedelta(minutes=6))
    with app.app_context():
        assert len(db.session.scalars(select(Challenge)).all()) == 1


def test_a_count_that_does_not_grow_is_a_copy(
    app: Flask, alice: Browser, open_browser: Open
) -> None:
    key = add(alice, Key(count=5, steps=1))
    assert log_in(open_browser(), key).status == 200
    copy = replace(key, count=key.count - 1)
    assert problem(log_in(open_browser(), copy)) == WRONG
    assert problem(log_in(open_browser(), replace(key, count=-1))) == WRONG  # no count any more
    assert refusals(app) == ["counter", "counter"]
    assert log_in(open_browser(), key).status == 200


def test_one_that_never_counts_is_no_copy(alice: Browser, open_browser: Open) -> None:
    key = add(alice)
    assert [log_in(open_browser(), key).status for _ in range(2)] == [200, 200]


@pytest.mark.parametrize(
    "credential",
    [None, 7, "x", [], {}, {"id": 1}, {"response": {}}, {"id": "!", "rawId": "!", "response": 1}],
    ids=str,
)
def test_what_is_no_answer_at_all_is_refused(carol: Browser, credential: object) -> None:
    carol.visit("/login")
    assert problem(post(carol, LOGIN, credential=credential)) == WRONG


@pytest.mark.parametrize("part", ["clientDataJSON", "authenticatorData", "signature", "userHandle"])
@pytest.mark.parametrize("bytes", ["", "AAAA", "!", "A", "eyJ0eXBlIjo3fQ", "W1tbW1tb"])
def test_broken_bytes_are_refused(alice: Browser, carol: Browser, part: str, bytes: str) -> None:
    key = add(alice)
    carol.visit("/login")
    answer = key.sign(options(carol, LOGIN))
    answer["response"][part] = bytes
    page = post(carol, LOGIN, credential=answer)
    assert (page.status, problem(page)) == (422, WRONG)


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"{", b"[" * 100_000])
def test_a_body_that_is_no_object_is_400(carol: Browser, body: bytes) -> None:
    carol.visit("/login")
    token = str(carol.page.html.select_one("meta[name=csrf-token]")["content"])
    headers = {"X-CSRFToken": token, "Content-Type": "application/json"}
    for address in (LOGIN, f"{LOGIN}/options"):
        assert carol.client.post(address, data=body, headers=headers).status_code == 400


def test_without_the_pages_token_nothing_is_asked(app: Flask, carol: Browser) -> None:
    answer = carol.client.post(f"{LOGIN}/options", json={}, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    with app.app_context():
        assert not db.session.scalars(select(Challenge)).all()


# Too many


class TestLimits:
    @pytest.fixture
    def settings(self) -> dict[str, int]:
        return {"LOGIN_TRIES_PER_ADDRESS": 3}

    def test_wrong_ones_are_counted_per_address(self, alice: Browser, carol: Browser) -> None:
        key = replace(add(alice), flags=PRESENT)
        assert [log_in(carol, key).status for _ in range(3)] == [422] * 3
        page = post(carol, LOGIN, credential={})
        assert page.status == 429 and int(page.response.headers["Retry-After"]) > 0
        assert post(carol, f"{LOGIN}/options").status == 429

    def test_right_ones_are_not(self, alice: Browser, open_browser: Open) -> None:
        key = add(alice)
        assert [log_in(open_browser(), key).status for _ in range(5)] == [200] * 5


# The second step


def test_a_password_alone_is_half_the_way(alice: Browser, carol: Browser) -> None:
    add(alice)
    half_way(carol)
    assert who(carol) == ""


def test_the_members_passkey_is_the_other_half(alice: Browser, carol: Browser) -> None:
    key = add(alice)
    half_way(carol)
    asked = options(carol, LOGIN, half=True)
    assert [read(one["id"]) for one in asked["allowCredentials"]] == [key.id]
    assert asked["allowCredentials"][0]["transports"] == ["internal", "hybrid"]
    answer = key.sign(asked)
    del answer["response"]["userHandle"]  # who was named may leave it out
    page = post(carol, LOGIN, credential=answer, half=True, next="/path/")
    assert page.response.json == {"location": "/path/"} and who(carol) == "alice"


def test_another_members_passkey_is_not(alice: Browser, bob: Browser, carol: Browser) -> None:
    add(alice)
    key = add(bob)
    assert problem(show(half_way(carol), key, LOGIN, half=True)) == WRONG and who(carol) == ""


def test_without_a_password_there_is_no_other_half(alice: Browser, carol: Browser) -> None:
    add(alice)
    carol.visit("/login")
    said = "That took too long. Begin again with your password."
    assert problem(post(carol, f"{LOGIN}/options", half=True)) == said
    assert problem(post(carol, LOGIN, half=True)) == said


def test_what_was_asked_for_one_thing_answers_no_other(alice: Browser, carol: Browser) -> None:
    """Somebody else's log-in doesn't end in the half log-in of who was here before, nor in turn."""
    key = add(alice)
    half_way(carol)
    answer = key.sign(options(carol, LOGIN))
    assert problem(post(carol, LOGIN, credential=answer, half=True)) == LATE


# The proof


def later(browser: Browser) -> None:
    assert browser.visit("/profile/passkeys").location.startswith("/proof?")


def test_a_passkey_proves_who_one_is(alice: Browser) -> None:
    key = add(alice)
    with time_machine.travel(now() + timedelta(minutes=11), tick=False):
        later(alice)
        alice.follow()
        page = show(alice, key, PROOF, next="/profile/passkeys")
        assert page.response.json == {"location": "/profile/passkeys"}
        assert alice.visit("/profile/passkeys").status == 200


def test_nobody_elses_passkey_does(alice: Browser, bob: Browser) -> None:
    key = add(bob)
    add(alice)
    with time_machine.travel(now() + timedelta(minutes=11), tick=False):
        later(alice)
        alice.follow()
        assert problem(show(alice, key, PROOF)) == WRONG
        later(alice)


def test_a_stranger_proves_nothing(carol: Browser) -> None:
    carol.visit("/login")
    for address in (PROOF, f"{PROOF}/options"):
        assert post(carol, address).status == 401


# Where it is offered


def offered(browser: Browser, address: str) -> str:
    """What the button says that JavaScript shows."""
    button = browser.visit(address).html.select_one("template[data-passkey] button")
    return " ".join(button.find_all(string=True)).strip() if button else ""


@pytest.mark.parametrize("address", ["/login", "/profile"])
def test_the_log_in_form_offers_it(carol: Browser, address: str) -> None:
    assert offered(carol, address) == "Log in with a passkey"
    field = carol.page.html.select_one("#username")
    assert field["autocomplete"] == "username webauthn"


def test_the_proof_offers_it_to_who_has_one(alice: Browser, bob: Browser) -> None:
    add(alice)
    assert (offered(alice, "/proof"), offered(bob, "/proof")) == ("Use a passkey", "")


def test_the_second_step_offers_it_and_says_that_it_is_one(alice: Browser, carol: Browser) -> None:
    add(alice)
    hook = half_way(carol).page.html.select_one("template[data-passkey]")
    assert hook["data-half"] and "Use a passkey" in str(hook)


@pytest.mark.parametrize("host", ["http://192.168.1.5", "http://files.example.org", "http://[::1]"])
def test_it_is_not_offered_where_no_browser_would_do_it(app: Flask, host: str) -> None:
    assert "data-passkey" not in app.test_client().get("/login", base_url=host).text


@pytest.mark.parametrize(
    ("root", "party"),
    [
        ("https://files.example.org/", ("files.example.org", "https://files.example.org")),
        ("https://Files.example.org:8443", ("files.example.org", "https://files.example.org:8443")),
        ("https://files.example.org:443/x", ("files.example.org", "https://files.example.org")),
        ("http://localhost:5000/", ("localhost", "http://localhost:5000")),
        ("http://desk.localhost/", ("desk.localhost", "http://desk.localhost")),
        ("http://files.example.org/", None),
        ("https://192.168.1.5/", None),
        ("https://[2001:db8::1]/", None),
        ("http://127.0.0.1:5000/", None),
        ("http://localhost.example.org/", None),
        ("", None),
    ],
)
def test_a_passkey_is_bound_to_the_sites_name(root: str, party: tuple[str, str] | None) -> None:
    found = ceremonies.party_at(root)
    assert (found and (found.id, found.origin)) == party


class TestPublicAddress:
    @pytest.fixture
    def settings(self) -> dict[str, str]:
        return {"PUBLIC_URL": "https://files.example.org"}

    def test_the_sites_own_address_counts_and_not_what_a_request_says(
        self, alice: Browser, carol: Browser, open_browser: Open
    ) -> None:
        key = add(alice, Key(origin="https://files.example.org", party="files.example.org"))
        assert log_in(carol, key).status == 200
        wrong = replace(key, origin="http://localhost", party="localhost")
        assert problem(log_in(open_browser(), wrong)) == WRONG
