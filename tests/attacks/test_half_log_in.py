"""A password alone, where a second step is set, is no right: at no route, by no side door."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import delete, func, select
from tests.accounts.codes import code_now, give_app
from tests.attacks.cast import (
    NEW,
    WITH_MAIL,
    change,
    csrf,
    give_address,
    half_in,
    is_in,
    letters,
    link_in,
)
from tests.browser import Browser
from tests.conftest import PASSWORD
from tests.routes import addresses

from frontdesk.accounts import entering, resets, second_steps, service, tokens
from frontdesk.accounts.models import HalfLogin, LoginSession
from frontdesk.db import db, now, transaction

Open = Callable[[], Browser]
OWN = {"accounts.second_step", "accounts.leave_second_step", "accounts.passkey_options"}


@pytest.fixture
def settings() -> dict[str, Any]:
    return {**WITH_MAIL, "REGISTRATION": "open"}


@pytest.fixture
def half(app: Flask, carol: Browser) -> Browser:
    """A device where Alice's password was right, and nothing more."""
    give_app(app, "alice")
    give_app(app, "root")
    return half_in(carol)


def answer(browser: Browser, method: str, address: str, token: str) -> tuple[int, str | None]:
    sent = {"method": method, "data": {"csrf_token": token}}
    said = browser.client.open(address, **sent, headers={"X-CSRFToken": token})
    return said.status_code, said.headers.get("Location")


@pytest.mark.parametrize("name", ["alice", "root"])
def test_with_the_pages_own_token_it_is_a_stranger_at_every_route(
    app: Flask, half: Browser, open_browser: Open, name: str
) -> None:
    half, stranger = half_in(open_browser(), name), open_browser()
    mine, other, asked = csrf(half), csrf(stranger), 0
    for endpoint, method, address in addresses(app):
        if endpoint not in OWN:
            got = answer(half, method, address, mine)
            assert got == answer(stranger, method, address, other), (method, address)
            asked += method != "GET"
    assert asked > 60
    assert half.visit("/login/second-step").status == 200  # and it was one all the time


def test_it_opens_no_token_and_no_proof(half: Browser) -> None:
    for address in ("/profile/tokens", "/proof", "/profile/two-factor/begin", "/profile/password"):
        assert half.post(address, password=PASSWORD, name="x", scope="write").status == 401


def count(app: Flask, model: Any) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_a_new_password_by_letter_leads_to_the_second_step(app: Flask, half: Browser) -> None:
    give_address(app, "alice", "alice@post.example")
    half.visit("/forgot")
    half.submit("forgot", username="alice")
    half.visit(link_in(letters(app)[-1]))
    half.submit("reset", password=NEW)
    assert not is_in(half)
    assert "/login/second-step" in half.log_in("alice", NEW).location and not is_in(half)


def test_so_does_an_admins_link(app: Flask, half: Browser) -> None:
    with app.app_context():
        alice = service.find("alice")
        assert alice
        secret = resets.admin_link(alice)
    half.visit(f"/reset/{secret}")
    half.submit("reset", password=NEW)
    assert "/login/second-step" in half.log_in("alice", NEW).location and not is_in(half)


def test_a_changed_mailbox_and_a_reset_do_so_too(app: Flask, alice: Browser, half: Browser) -> None:
    """Who sits at an open log-in gets the address, and with it the password, but not the step."""
    alice.visit("/profile/address")
    alice.submit("address", email="thief@post.example")
    alice.visit(link_in(letters(app)[-1]))
    alice.submit("confirm")
    half.visit("/forgot")
    half.submit("forgot", username="alice")
    half.visit(link_in(letters(app)[-1]))
    half.submit("reset", password=NEW)
    assert "/login/second-step" in half.log_in("alice", NEW).location and not is_in(half)


def test_the_cookies_of_other_devices_and_members_do_not_pass_it_by(
    app: Flask, half: Browser, open_browser: Open
) -> None:
    """Bob trusts this device, Alice is known here, and her name is remembered."""
    give_app(app, "bob")
    browser = half_in(open_browser(), "bob")
    browser.submit("second-step", code=code_now(), trust=True)
    browser.visit("/logout")
    browser.submit("logout")
    for cookie in ("device", "username"):
        if held := half.client.get_cookie(cookie):
            browser.client.set_cookie(cookie, held.value)
    assert browser.client.get_cookie("trusted")
    assert "/login/second-step" in browser.log_in("alice", PASSWORD).location
    assert not is_in(browser)


def test_an_invite_taken_in_that_browser_makes_another_member_and_no_more(
    app: Flask, half: Browser, open_browser: Open
) -> None:
    admin = open_browser()
    half_in(admin, "root")
    admin.submit("second-step", code=code_now())
    admin.visit("/admin/invites/new")
    field = admin.submit("invite").html.select_one("input#link[readonly]")
    half.visit(str(field["value"]).removeprefix("http://localhost"))
    half.submit("invite", username="dora", password=PASSWORD)
    assert half.client.get("/me").json["username"] == "dora"


def test_the_secret_of_the_half_is_worth_nothing_as_a_log_in(app: Flask, half: Browser) -> None:
    """Written where a whole log-in keeps its own, with the site's own signature, it is nobody's."""
    with half.client.session_transaction() as kept:
        secret = kept.pop(entering.HALF)
        kept["_user_id"], kept["_fresh"] = secret, True
    assert not is_in(half)
    assert half.client.get("/me", headers={"Authorization": f"Bearer {secret}"}).status_code == 401


def test_a_token_from_before_reads_and_shows_no_proof(app: Flask, half: Browser) -> None:
    """It was made by who was in; it opens no page that touches the account itself."""
    with app.app_context():
        alice = service.find("alice")
        assert alice
        token = tokens.create(alice.id, uuid4(), "old", "write", None)
    carries = {"Authorization": f"Bearer {token}"}
    for endpoint, method, address in addresses(app):
        if getattr(app.view_functions[endpoint], "needs_proof", False):
            assert app.test_client().open(address, method=method, headers=carries).status_code in {
                403,
                404,
            }, address


def test_who_waits_again_gets_no_further(app: Flask, half: Browser) -> None:
    change(app, "alice", waiting_since=now())
    assert half.visit("/login/second-step").location == "/login"


def test_disabled_and_enabled_again_one_begins_anew(app: Flask, half: Browser) -> None:
    with app.app_context():
        alice = service.find("alice")
        assert alice
        secret = resets.admin_link(alice)
        service.set_enabled(alice, False)
        service.set_enabled(alice, True)
    assert half.visit("/login/second-step").location == "/login"
    assert half.visit(f"/reset/{secret}").status == 410


@pytest.mark.parametrize("deed", ["completed", "new password", "second step reset"])
def test_what_ended_while_the_code_was_checked_lets_nobody_in(
    app: Flask, half: Browser, monkeypatch: pytest.MonkeyPatch, deed: str
) -> None:
    """Between looking at the half log-in and completing it something else has ended it."""
    prove = second_steps.prove

    def and_then(member: Any, typed: str, address: str) -> str:
        method = prove(member, typed, address)
        with app.app_context():
            found = service.find("alice")
            assert found
            if deed == "new password":
                service.set_password(found, NEW)
            elif deed == "second step reset":
                second_steps.remove_all(found)
            else:
                with transaction() as session:
                    session.execute(delete(HalfLogin))
        return method

    before = count(app, LoginSession)
    monkeypatch.setattr(second_steps, "prove", and_then)
    half.submit("second-step", code=code_now())
    assert not is_in(half) and count(app, LoginSession) == before


def test_a_password_that_was_replaced_while_it_was_checked_lets_nobody_in(
    app: Flask, carol: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With fifty in the queue before, checking it takes seconds."""
    verify = service.verify_password

    def slow(password_hash: str | None, password: str) -> bool:
        is_right = verify(password_hash, password)
        with app.app_context():
            bob = service.find("bob")
            assert bob
            service.set_password(bob, NEW)
        return is_right

    monkeypatch.setattr(service, "verify_password", slow)
    assert carol.log_in("bob", PASSWORD).status == 422
    assert not is_in(carol) and count(app, LoginSession) == 0
