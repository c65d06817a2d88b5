"""sessions.py - a log-in belongs to one device, can be ended from here, and ends by itself."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask, session
from sqlalchemy import func, select
from tests.browser import Browser
from tests.conftest import PASSWORD

from frontdesk.access import public
from frontdesk.accounts import service
from frontdesk.accounts.models import LoginSession, Member
from frontdesk.db import db, transaction

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TOO_LARGE = pytest.mark.filterwarnings("ignore:The 'frontdesk' cookie is too large:UserWarning")


def cookie_of(browser: Browser) -> str:
    cookie = browser.client.get_cookie("frontdesk")
    assert cookie
    return cookie.value


def is_in(browser: Browser) -> bool:
    status = browser.visit("/profile").status
    assert status in {200, 401}
    return status == 200


def named(name: str) -> Member:
    member = service.find(name)
    assert member
    return member


def with_cookie(open_browser: Callable[[], Browser], value: str) -> Browser:
    browser = open_browser()
    browser.client.set_cookie("frontdesk", value)
    return browser


def test_the_page_says_who_is_in(alice: Browser, carol: Browser) -> None:
    assert "Logged in as alice" in alice.visit("/hello/").html.header.get_text(" ", strip=True)
    assert "You are not logged in" in carol.visit("/").text


@pytest.mark.parametrize("at", [0, 5, 40, -2])
def test_a_cookie_changed_by_hand_is_nobody(
    alice: Browser, open_browser: Callable[[], Browser], at: int
) -> None:
    value = cookie_of(alice)
    other = "B" if value[at] == "A" else "A"
    changed = value[:at] + other + value[at:][1:]
    assert not is_in(with_cookie(open_browser, changed))
    assert is_in(with_cookie(open_browser, value))


@pytest.mark.parametrize("value", ["", "x", ".", "a.b.c", "\xff\xfe", '{"_user_id": "alice"}'])
def test_no_made_up_cookie_is_somebody(open_browser: Callable[[], Browser], value: str) -> None:
    assert not is_in(with_cookie(open_browser, value))


def test_a_cookie_of_another_site_is_nobody(
    start: Callable[..., Flask], open_browser: Callable[[], Browser]
) -> None:
    elsewhere = Browser(start(SECRET_KEY="the key of another site").test_client())
    elsewhere.log_in("alice", PASSWORD)
    assert is_in(elsewhere)
    assert not is_in(with_cookie(open_browser, cookie_of(elsewhere)))


def test_an_older_key_still_opens_cookies(start: Callable[..., Flask]) -> None:
    before = Browser(start(SECRET_KEY="the key of last year").test_client())
    before.log_in("alice", PASSWORD)
    after = start(SECRET_KEY="the key of this year", SECRET_KEY_FALLBACKS=["the key of last year"])
    assert is_in(with_cookie(lambda: Browser(after.test_client()), cookie_of(before)))


def test_the_database_does_not_hold_what_the_cookie_holds(app: Flask, alice: Browser) -> None:
    with alice.client.session_transaction() as held:
        token = held["_user_id"]
    with app.app_context():
        assert db.session.scalar(select(LoginSession.token_hash)) != token


def test_a_cookie_from_before_the_log_in_is_worth_nothing(
    carol: Browser, open_browser: Callable[[], Browser]
) -> None:
    carol.visit("/login")
    planted = cookie_of(carol)
    carol.submit("login", username="alice", password=PASSWORD)
    assert is_in(carol)
    assert cookie_of(carol) != planted
    assert not is_in(with_cookie(open_browser, planted))


def test_the_form_token_changes_at_the_log_in(carol: Browser) -> None:
    carol.visit("/login")
    with carol.client.session_transaction() as held:
        before = held["csrf_token"]
    carol.submit("login", username="alice", password=PASSWORD)
    carol.visit("/profile")
    with carol.client.session_transaction() as held:
        assert held["csrf_token"] != before


def test_a_cookie_from_before_the_log_out_is_dead(
    alice: Browser, open_browser: Callable[[], Browser]
) -> None:
    kept = cookie_of(alice)
    alice.visit("/logout")
    alice.submit("logout")
    assert not is_in(with_cookie(open_browser, kept))


def test_logging_out_leaves_the_other_devices_in(
    alice: Browser, open_browser: Callable[[], Browser]
) -> None:
    phone = open_browser()
    phone.log_in("alice", PASSWORD)
    alice.visit("/logout")
    alice.submit("logout")
    assert is_in(phone)


def test_a_disabled_member_is_out_at_once(app: Flask, alice: Browser, bob: Browser) -> None:
    with app.app_context():
        service.set_enabled(named("alice"), False)
    assert not is_in(alice) and is_in(bob)
    assert alice.log_in("alice", PASSWORD).problems == ["The username or password is not right"]


def test_a_log_in_that_raced_with_being_disabled_is_worth_nothing(
    app: Flask, alice: Browser
) -> None:
    with app.app_context(), transaction():
        named("alice").disabled_at = NOON  # and the row of the log-in is still there
    assert not is_in(alice)


def test_being_enabled_again_does_not_revive_the_old_log_in(app: Flask, alice: Browser) -> None:
    with app.app_context():
        service.set_enabled(named("alice"), False)
        service.set_enabled(named("alice"), True)
    assert not is_in(alice)
    assert alice.log_in("alice", PASSWORD).status == 303


def test_a_new_password_logs_out_everywhere(
    alice: Browser, member: Callable[[str], Member]
) -> None:
    service.set_password(member("alice"), "another long password")
    assert not is_in(alice)
    assert alice.log_in("alice", PASSWORD).status == 422
    assert alice.log_in("alice", "another long password").status == 303


def test_an_admin_who_is_none_any_more_is_out_of_the_admins_pages(
    app: Flask, root: Browser
) -> None:
    with app.app_context(), transaction():
        named("root").role = "member"
    assert root.visit("/admin/").status == 404


def test_a_log_in_that_is_not_used_ends(open_browser: Callable[[], Browser]) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        browser = open_browser()
        browser.log_in("alice", PASSWORD)
        clock.shift(23 * HOUR)
        assert is_in(browser)
        clock.shift(23 * HOUR)
        assert is_in(browser)
        clock.shift(25 * HOUR)
        assert not is_in(browser)


def test_a_log_in_that_is_used_ends_after_two_weeks(open_browser: Callable[[], Browser]) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        browser = open_browser()
        browser.log_in("alice", PASSWORD)
        for _ in range(27):
            clock.shift(12 * HOUR)
            assert is_in(browser)
        clock.shift(12 * HOUR)
        assert not is_in(browser)


def test_a_remembered_log_in_lasts_for_thirty_days_unused(
    open_browser: Callable[[], Browser],
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        browser = open_browser()
        browser.visit("/login")
        page = browser.submit("login", username="alice", password=PASSWORD, remember=True)
        assert "Expires=Tue, 31 Mar 2026" in page.response.headers.getlist("Set-Cookie")[-1]
        clock.shift(29 * DAY)
        assert is_in(browser)
        clock.shift(2 * DAY)
        assert not is_in(browser)


def test_the_twenty_first_log_in_ends_the_first(
    app: Flask, open_browser: Callable[[], Browser]
) -> None:
    browsers = [open_browser() for _ in range(21)]
    for browser in browsers:
        browser.log_in("alice", PASSWORD)
    assert [is_in(browser) for browser in browsers] == [False] + [True] * 20
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(LoginSession)) == 20


def fill_the_cookie() -> str:
    session["much"] = secrets.token_hex(3000)  # noise: cookies are compressed
    return "done"


@TOO_LARGE
def test_a_cookie_too_large_for_browsers_is_caught_in_development(app: Flask) -> None:
    app.add_url_rule("/much", "much", public(fill_the_cookie))
    with pytest.raises(
        RuntimeError, match=r"browsers drop it over 4096\. Keep what is large in the"
    ):
        app.test_client().get("/much")


@TOO_LARGE
def test_in_production_it_is_an_error_in_the_log(
    capsys: pytest.CaptureFixture[str], start: Callable[..., Flask]
) -> None:
    app = start(TESTING=False)
    app.add_url_rule("/much", "much", public(fill_the_cookie))
    assert app.test_client().get("/much").status_code == 200
    assert "browsers drop it over 4096" in capsys.readouterr().out
