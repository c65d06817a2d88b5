"""/profile/two-factor - a member sets up an app, keeps recovery codes, forgets devices."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
import segno
import time_machine
from flask import Flask
from sqlalchemy import select
from tests.accounts.codes import code_now, give_app
from tests.browser import Browser, Page
from tests.conftest import PASSWORD

from frontdesk.accounts import second_steps, service
from frontdesk.accounts.models import Authenticator, RecoveryCode, Ticket
from frontdesk.audit import LogEntry
from frontdesk.db import db, transaction

SHAPE = re.compile(r"([0-9a-hjkmnp-tv-z]{4}-){6}[0-9a-hjkmnp-tv-z]{4}")
PAGES = ["", "/app", "/codes", "/off"]


def begin(browser: Browser) -> str:
    """Set an app up as far as the secret; here it is."""
    browser.visit("/profile/two-factor")
    assert browser.submit("begin").location == "/profile/two-factor/app"
    return secret_on(browser.follow())


def secret_on(page: Page) -> str:
    return page.html.select_one("code#secret").get_text().replace(" ", "")


def codes_on(page: Page) -> list[str]:
    return [item.get_text() for item in page.html.select("main li code")]


def set_up(browser: Browser) -> list[str]:
    """Set an app up; the recovery codes."""
    secret = begin(browser)
    return codes_on(browser.submit("authenticator", code=pyotp.TOTP(secret).now()))


def listed(page: Page) -> list[str]:
    return [page._words(row) for row in page.html.select("#trusted li")]


# Setting up


def test_the_profile_leads_there(alice: Browser) -> None:
    page = alice.visit(alice.visit("/profile").link("Second step"))
    assert page.title == "Second step" and "The second step is off" in page.text


def test_the_secret_stands_there_to_read_and_to_type(alice: Browser) -> None:
    secret = begin(alice)
    page = alice.page
    assert re.fullmatch(r"([A-Z2-7]{4} ){7}[A-Z2-7]{4}", page.html.select_one("#secret").get_text())
    address = urlsplit(page.link("Open it"))
    assert (address.scheme, address.netloc, address.path) == ("otpauth", "totp", "/Frontdesk:alice")
    assert parse_qs(address.query) == {"secret": [secret], "issuer": ["Frontdesk"]}


def test_the_qr_code_says_the_same_on_white(alice: Browser) -> None:
    """Black on white with its quiet zone, whatever the theme; the policy allows data: pictures."""
    begin(alice)
    page = alice.page
    picture = page.html.select_one("img.qr")
    svg = unquote(str(picture["src"]))
    same = segno.make(page.link("Open it"), micro=False)
    assert svg == unquote(same.svg_data_uri(border=4, dark="#000", light="#fff"))
    assert svg.startswith("data:image/svg+xml") and "fill='#fff'" in svg
    assert (
        picture["alt"]
        and "img-src 'self' data:" in page.response.headers["Content-Security-Policy"]
    )
    assert page.response.headers["Cache-Control"] == "no-store"


def test_loading_it_again_shows_the_same_secret(alice: Browser) -> None:
    secret = begin(alice)
    assert secret_on(alice.visit("/profile/two-factor/app")) == secret


def test_beginning_again_makes_another(alice: Browser) -> None:
    first = begin(alice)
    second = begin(alice)
    assert first != second
    assert alice.submit("authenticator", code=pyotp.TOTP(first).now()).status == 422
    assert alice.submit("authenticator", code=pyotp.TOTP(second).now()).status == 200


def test_nothing_waits_before_it_began(alice: Browser) -> None:
    assert alice.visit("/profile/two-factor/app").location == "/profile/two-factor"


def test_a_secret_waits_for_an_hour(alice: Browser) -> None:
    begin(alice)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=61)):
        prove(alice)
        assert alice.visit("/profile/two-factor/app").location == "/profile/two-factor"


def prove(browser: Browser) -> None:
    browser.visit("/proof")
    browser.submit("proof", password=PASSWORD)


@pytest.mark.parametrize("code", ["", "000000", "12345", "x"])
def test_a_wrong_code_turns_nothing_on(alice: Browser, open_browser: Any, code: str) -> None:
    secret = begin(alice)
    page = alice.submit("authenticator", code=code)
    assert (page.status, set(page.errors)) == (422, {"code"})
    assert secret_on(page) == secret and not codes_on(page)
    assert open_browser().log_in("alice", PASSWORD).location == "/hello/"


def test_a_right_one_turns_it_on(alice: Browser, open_browser: Callable[[], Browser]) -> None:
    secret = begin(alice)
    page = alice.submit("authenticator", code=f" {pyotp.TOTP(secret).now()} ")
    assert (page.status, page.title) == (200, "Keep your recovery codes")
    assert "The second step is on" in alice.visit("/profile/two-factor").text
    assert "/login/second-step" in open_browser().log_in("alice", PASSWORD).location


def test_the_code_that_turned_it_on_is_used_up(alice: Browser, carol: Browser) -> None:
    secret = begin(alice)
    code = pyotp.TOTP(secret).now()
    alice.submit("authenticator", code=code)
    carol.log_in("alice", PASSWORD)
    carol.follow()
    assert carol.submit("second-step", code=code).status == 422


def test_ten_codes_of_one_shape_are_shown_once(alice: Browser) -> None:
    codes = set_up(alice)
    assert len(set(codes)) == 10 and all(SHAPE.fullmatch(code) for code in codes)
    for address in PAGES:
        page = alice.visit(f"/profile/two-factor{address}")
        assert not [code for code in codes if code in page.response.text]


def test_they_can_be_downloaded_as_text(alice: Browser) -> None:
    codes = set_up(alice)
    link = alice.page.html.select_one("a[download]")
    kind, _comma, text = str(link["href"]).partition(",")
    assert (link["download"], kind) == ("recovery-codes.txt", "data:text/plain;charset=utf-8")
    assert unquote(text).splitlines() == ["Frontdesk, alice", "", *codes]


def test_no_cookie_holds_secret_or_codes(alice: Browser) -> None:
    secret = begin(alice)
    alice.submit("authenticator", code=pyotp.TOTP(secret).now())
    assert "Set-Cookie" not in alice.page.response.headers


def test_loading_the_answer_again_shows_no_codes(app: Flask, alice: Browser) -> None:
    secret = begin(alice)
    form = alice.page
    code = pyotp.TOTP(secret).now()
    alice.submit("authenticator", code=code)
    alice.page = form  # what the browser sends on a reload
    page = alice.submit("authenticator", code=code)
    assert (page.status, page.location) == (303, "/profile/two-factor")
    with app.app_context():
        assert len(db.session.scalars(select(RecoveryCode)).all()) == 10


def test_the_secret_lies_sealed_while_it_waits(app: Flask, alice: Browser) -> None:
    secret = begin(alice)
    with app.app_context():
        ticket = db.session.scalars(select(Ticket)).one()
        assert secret not in str(ticket.facts)
        assert secret.encode() not in base64.urlsafe_b64decode(ticket.facts["sealed"])


# When it is on


def test_another_app_takes_the_first_ones_place(
    app: Flask, alice: Browser, open_browser: Callable[[], Browser]
) -> None:
    codes = give_app(app, "alice")
    secret = begin(alice)
    assert code_works(open_browser, code_now(-1))  # until it is confirmed, the old one counts
    page = alice.submit("authenticator", code=pyotp.TOTP(secret).now())
    assert page.location == "/profile/two-factor"
    assert alice.follow().messages == ["Your new authenticator app counts from now on."]
    assert not code_works(open_browser, code_now(1))
    assert code_works(
        open_browser, pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30))
    )
    assert code_works(open_browser, codes[0])  # the recovery codes stay


def code_works(open_browser: Callable[[], Browser], code: str) -> bool:
    browser = open_browser()
    browser.log_in("alice", PASSWORD)
    browser.follow()
    return browser.submit("second-step", code=code).status == 303


def test_new_codes_end_the_old_ones(app: Flask, alice: Browser, open_browser: Any) -> None:
    old = give_app(app, "alice")
    page = alice.visit(alice.visit("/profile/two-factor").link("Make new codes"))
    assert "The 10 codes that are left stop working." in page.text
    new = codes_on(alice.submit("recovery-codes"))
    assert len(new) == 10 and not set(new) & set(old)
    assert not code_works(open_browser, old[0]) and code_works(open_browser, new[0])
    assert "9 codes are left:" in alice.visit("/profile/two-factor").text


def test_loading_new_codes_again_makes_no_others(
    app: Flask, alice: Browser, open_browser: Any
) -> None:
    give_app(app, "alice")
    form = alice.visit("/profile/two-factor/codes")
    new = codes_on(alice.submit("recovery-codes"))
    alice.page = form
    page = alice.submit("recovery-codes")
    assert page.status == 422 and "shown again" in page.problems[0] and not codes_on(page)
    assert code_works(open_browser, new[0])
    assert codes_on(alice.submit("recovery-codes"))  # that page knows the newest


def test_codes_without_a_second_step_are_not_made(alice: Browser) -> None:
    assert alice.visit("/profile/two-factor/codes").location == "/profile/two-factor"
    assert alice.post("/profile/two-factor/codes").location == "/profile/two-factor"


def test_turning_it_off_asks_first_and_ends_the_codes(
    app: Flask, alice: Browser, open_browser: Callable[[], Browser]
) -> None:
    give_app(app, "alice")
    page = alice.visit(alice.visit("/profile/two-factor").link("Turn off"))
    assert page.title == "Remove your authenticator app?"
    assert alice.submit("two-factor-off").location == "/profile/two-factor"
    assert "The second step is off" in alice.follow().text
    assert open_browser().log_in("alice", PASSWORD).location == "/hello/"
    with app.app_context():
        assert not db.session.scalars(select(RecoveryCode)).all()


def test_what_is_off_can_not_be_turned_off(alice: Browser) -> None:
    assert alice.visit("/profile/two-factor/off").location == "/profile/two-factor"


@pytest.mark.parametrize("address", PAGES)
def test_each_page_asks_for_a_proof_first(alice: Browser, address: str) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11)):
        page = alice.visit(f"/profile/two-factor{address}")
        assert page.location.startswith("/proof?next=/profile/two-factor")


@pytest.mark.parametrize("address", ["/begin", "/app", "/codes", "/off"])
def test_no_form_works_without_one(app: Flask, alice: Browser, address: str) -> None:
    give_app(app, "alice")
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11)):
        assert alice.post(f"/profile/two-factor{address}").location.startswith("/proof")
    with app.app_context():
        assert db.session.scalar(select(Authenticator)) and not db.session.scalar(select(Ticket))


def test_no_token_opens_it(app: Flask, token: Callable[..., str]) -> None:
    carries = {"Authorization": f"Bearer {token(scope='write')}"}
    for address in PAGES:
        assert (
            app.test_client().get(f"/profile/two-factor{address}", headers=carries).status_code
            == 403
        )


def test_nobody_sees_anybody_elses(app: Flask, alice: Browser, bob: Browser) -> None:
    begin(alice)
    assert bob.visit("/profile/two-factor/app").location == "/profile/two-factor"
    give_app(app, "alice")
    assert "The second step is off" in bob.visit("/profile/two-factor").text


def test_the_log_tells_of_all(app: Flask, alice: Browser) -> None:
    set_up(alice)
    alice.visit("/profile/two-factor/codes")
    alice.submit("recovery-codes")
    alice.visit("/profile/two-factor/off")
    alice.submit("two-factor-off")
    with app.app_context():
        mine = select(LogEntry).where(LogEntry.who == "alice", LogEntry.what.like("second-step.%"))
        said = [entry.what for entry in db.session.scalars(mine)]
        assert said == ["second-step.on", "second-step.codes", "second-step.off"]


# Trusted devices


@pytest.fixture
def laptop(app: Flask, open_browser: Callable[[], Browser]) -> Browser:
    """A device that Alice trusts, and where she is logged in."""
    give_app(app, "alice")
    browser = open_browser()
    browser.headers["User-Agent"] = "Laptop <b>1</b>"
    browser.log_in("alice", PASSWORD)
    browser.follow()
    assert browser.submit("second-step", code=code_now(-1), trust=True).status == 303
    return browser


def asked(browser: Browser, name: str = "alice") -> bool:
    """Whether the device is asked for the second step, after the log-out."""
    browser.visit("/logout")
    if browser.page.html.select_one("form#logout"):
        browser.submit("logout")
    return "second-step" in browser.log_in(name, PASSWORD).location


def test_a_trusted_device_is_asked_for_the_password_only(laptop: Browser, carol: Browser) -> None:
    assert not asked(laptop) and asked(carol)


def test_its_cookie_alone_lets_nobody_in(laptop: Browser, carol: Browser) -> None:
    cookie = laptop.client.get_cookie("trusted")
    assert cookie and cookie.http_only and cookie.same_site == "Lax"
    carol.client.set_cookie("trusted", cookie.value)
    assert carol.visit("/profile").status == 401
    assert carol.log_in("alice", "wrong").status == 422
    assert not asked(carol)


def test_it_is_one_members(app: Flask, laptop: Browser) -> None:
    give_app(app, "bob")
    assert asked(laptop, "bob")


def test_unticked_it_is_not_trusted(app: Flask, carol: Browser) -> None:
    give_app(app, "alice")
    carol.log_in("alice", PASSWORD)
    carol.follow()
    carol.submit("second-step", code=code_now())
    assert carol.client.get_cookie("trusted") is None and asked(carol)


def test_it_is_trusted_for_thirty_days(laptop: Browser) -> None:
    begun = datetime.now(UTC)
    with time_machine.travel(begun + timedelta(days=29)):
        assert not asked(laptop)
    with time_machine.travel(begun + timedelta(days=30, minutes=1)):
        assert asked(laptop)


def test_it_is_listed_and_can_be_forgotten(laptop: Browser, bob: Browser) -> None:
    page = laptop.visit("/profile/two-factor")
    assert re.match(r"Laptop <b>1</b> This device since \d.* · until \d.* Forget", listed(page)[0])
    bob.post(str(page.html.select_one("#forget-1")["action"]))
    assert len(listed(laptop.visit("/profile/two-factor"))) == 1
    laptop.submit("forget-1")
    assert not listed(laptop.follow()) and asked(laptop)


@pytest.mark.parametrize("deed", ["password", "new app", "reset"])
def test_a_change_of_password_or_second_step_ends_it(
    app: Flask, laptop: Browser, deed: str
) -> None:
    with app.app_context():
        alice = service.find("alice")
        assert alice
        if deed == "password":
            service.set_password(alice, PASSWORD)
        elif deed == "reset":
            second_steps.remove_all(alice)
    if deed == "new app":
        secret = begin(laptop)
        laptop.submit("authenticator", code=pyotp.TOTP(secret).now())
    if deed == "reset":
        give_app(app, "alice")
    assert asked(laptop)


def test_one_trusted_before_the_password_is_asked_whoever_set_it(
    app: Flask, laptop: Browser
) -> None:
    with app.app_context(), transaction():
        alice = service.find("alice")
        assert alice
        alice.password_at = datetime.now(UTC)
    assert asked(laptop)


def test_trust_can_be_switched_off(start: Callable[..., Flask]) -> None:
    app = start(TRUSTED_DEVICE=0)
    give_app(app, "alice")
    browser = Browser(app.test_client())
    browser.log_in("alice", PASSWORD)
    assert not browser.follow().html.select("[name=trust]")
    assert browser.submit("second-step", code=code_now()).status == 303
