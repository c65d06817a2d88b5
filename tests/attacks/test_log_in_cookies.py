"""A cookie from before a log-in, or from one that has ended, is worth nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from tests.accounts.codes import code_now, give_app
from tests.attacks.cast import NEW, half_in, is_in
from tests.browser import Browser
from tests.conftest import PASSWORD

from frontdesk.accounts import entering, people, resets, second_steps, service
from frontdesk.accounts.models import MEMBER, Member

Open = Callable[[], Browser]
Deed = Callable[[Member], object]


def cookie(browser: Browser) -> str:
    held = browser.client.get_cookie("frontdesk")
    assert held
    return held.value


def with_cookie(browser: Browser, value: str) -> Browser:
    browser.client.set_cookie("frontdesk", value)
    return browser


def kept(browser: Browser) -> dict[str, object]:
    with browser.client.session_transaction() as session:
        return dict(session)


def test_what_was_fixed_before_is_not_what_logs_in(carol: Browser, open_browser: Open) -> None:
    """Who planted a cookie of their own holds nothing afterwards: not log-in, not form token."""
    carol.visit("/login")
    planted, before = cookie(carol), kept(carol)
    carol.submit("login", username="alice", password=PASSWORD)
    after = kept(carol)
    assert not {str(value) for value in before.values()} & {str(v) for v in after.values()}
    assert not is_in(with_cookie(open_browser(), planted))


def test_each_step_has_a_secret_of_its_own(app: Flask, carol: Browser, open_browser: Open) -> None:
    give_app(app, "alice")
    carol.visit("/login")
    before = kept(carol)["csrf_token"]
    half_in(carol)
    at_half = kept(carol)
    assert at_half["csrf_token"] != before
    copied = cookie(carol)
    carol.submit("second-step", code=code_now())
    after = kept(carol)
    assert entering.HALF not in after and at_half[entering.HALF] not in after.values()
    carol.visit("/profile")
    assert kept(carol)["csrf_token"] != at_half["csrf_token"]
    thief = with_cookie(open_browser(), copied)
    assert not is_in(thief) and thief.visit("/login/second-step").location == "/login"


def test_a_half_planted_on_somebody_is_not_their_log_in(
    app: Flask, carol: Browser, alice: Browser
) -> None:
    """A thief's half log-in in the cookie of who is in would lead them into the thief's account."""
    give_app(app, "bob")
    half_in(carol, "bob")
    with alice.client.session_transaction() as session:
        session[entering.HALF] = kept(carol)[entering.HALF]
    assert alice.visit("/login/second-step").location == "/hello/"
    assert alice.post("/login/second-step", code=code_now()).location == "/hello/"
    assert alice.client.get("/me").json["username"] == "alice"


def disable(member: Member) -> None:
    service.set_enabled(member, False)
    service.set_enabled(member, True)


def reset(member: Member) -> None:
    resets.finish(resets.admin_link(member), NEW)


DEEDS: dict[str, Deed] = {
    "disabled and enabled": disable,
    "password by an admin": lambda member: service.set_password(member, NEW),
    "password by a link": reset,
    "logged out everywhere": people.end_sessions,
    "everything ended": people.end_everything,
}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
@pytest.mark.parametrize("remember", [False, True])
def test_a_copied_cookie_ends_with_its_log_in(
    app: Flask, carol: Browser, open_browser: Open, deed: Deed, remember: bool
) -> None:
    carol.visit("/login")
    carol.submit("login", username="bob", password=PASSWORD, remember=remember)
    thief = with_cookie(open_browser(), cookie(carol))
    assert is_in(thief)
    with app.app_context():
        bob = service.find("bob")
        assert bob
        deed(bob)
    assert not is_in(thief) and not is_in(carol)


def test_so_it_does_with_a_log_out(carol: Browser, open_browser: Open) -> None:
    carol.log_in("alice", PASSWORD)
    thief = with_cookie(open_browser(), cookie(carol))
    carol.visit("/logout")
    carol.submit("logout")
    assert not is_in(thief)


def test_a_demoted_admins_cookie_opens_no_admins_page(app: Flask, open_browser: Open) -> None:
    with app.app_context():
        service.create("zed", PASSWORD, is_admin=True)
    zed = open_browser()
    zed.log_in("zed", PASSWORD)
    thief = with_cookie(open_browser(), cookie(zed))
    assert thief.visit("/admin/log").status == 200
    with app.app_context():
        found = service.find("zed")
        assert found
        people.set_role(found, MEMBER)
    assert thief.visit("/admin/log").status == 404


def test_a_second_step_that_was_reset_ends_the_halves(app: Flask, carol: Browser) -> None:
    give_app(app, "alice")
    half_in(carol)
    with app.app_context():
        alice = service.find("alice")
        assert alice
        second_steps.remove_all(alice)
    assert carol.visit("/login/second-step").location == "/login"
