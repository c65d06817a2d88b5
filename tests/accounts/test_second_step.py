"""/login/second-step - a password alone does not let in who has an authenticator app."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update
from tests.accounts.codes import SECRET, code_now, give_app
from tests.browser import Browser, Page
from tests.conftest import PASSWORD
from tests.routes import addresses

from frontdesk.accounts import entering, second_steps, service, totp
from frontdesk.accounts.models import Authenticator, HalfLogin, RecoveryCode
from frontdesk.audit import LogEntry
from frontdesk.db import db, transaction
from frontdesk.forms import Refused

NOON = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)


@pytest.fixture
def codes(app: Flask) -> list[str]:
    """Alice's recovery codes; she has an app, too."""
    return give_app(app, "alice")


@pytest.fixture
def half(carol: Browser, codes: list[str]) -> Browser:
    """A device where Alice's password was right."""
    carol.log_in("alice", PASSWORD)
    carol.follow()
    return carol


def is_in(browser: Browser) -> bool:
    return browser.visit("/profile").status == 200


def enter(browser: Browser, code: str, **answers: Any) -> Page:
    return browser.submit("second-step", code=code, **answers)


def again(open_browser: Callable[[], Browser], name: str = "alice") -> Browser:
    """Another device, as far as the second step."""
    browser = open_browser()
    browser.log_in(name, PASSWORD)
    browser.follow()
    return browser


# The way in


def test_a_right_password_leads_there_and_keeps_the_way(carol: Browser, codes: list[str]) -> None:
    carol.visit("/path/?key=a")
    page = carol.submit("login", username="alice", password=PASSWORD)
    assert page.location == "/login/second-step?next=/path/?key%3Da"
    page = carol.follow()
    assert (page.status, page.title) == (200, "Second step")
    assert page.html.select_one("#code")["autocomplete"] == "one-time-code"
    assert enter(carol, code_now()).location == "/path/?key=a"
    assert is_in(carol)


def test_who_has_no_app_is_not_asked(carol: Browser, codes: list[str]) -> None:
    assert carol.log_in("bob", PASSWORD).location == "/hello/"


def test_an_app_that_was_never_confirmed_does_not_count(app: Flask, carol: Browser) -> None:
    with app.app_context():
        member = service.find("alice")
        assert member
        totp.begin(member.id)
    assert carol.log_in("alice", PASSWORD).location == "/hello/"


@pytest.mark.parametrize("written", ["{0}", " {0} ", "{1} {2}", "{1}-{2}", "{3}"])
def test_a_code_may_be_written_as_people_do(half: Browser, written: str) -> None:
    code = code_now()
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    enter(half, written.format(code, code[:3], code[3:], wide))
    assert is_in(half)


@pytest.mark.parametrize("code", ["000000", "12345", "1234567", "abc", "x" * 9_000, "\0", "١٢٣٤٥٦"])
def test_a_wrong_code_is_refused(half: Browser, code: str) -> None:
    page = enter(half, code)
    assert page.status == 422
    assert page.errors["code"].startswith("The code is not right, or was used before.")
    assert not page.html.select_one("#code").get("value") and not is_in(half)


def test_an_empty_one_is_asked_for_and_not_counted(app: Flask, half: Browser) -> None:
    for _ in range(12):
        assert enter(half, "").errors == {"code": "Enter the code that your app shows"}
    assert enter(half, code_now()).status == 303


@pytest.mark.parametrize(
    ("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_clock_may_be_half_a_minute_off(
    app: Flask, carol: Browser, codes: list[str], steps: int, good: bool
) -> None:
    with time_machine.travel(NOON + timedelta(days=300), tick=False):
        carol.log_in("alice", PASSWORD)
        carol.follow()
        code = code_now(steps)
        assert enter(carol, code).status == (303 if good else 422)


def test_a_code_is_good_once(half: Browser, open_browser: Callable[[], Browser]) -> None:
    code = code_now()
    enter(half, code)
    other = again(open_browser)
    assert enter(other, code).status == 422 and not is_in(other)


def test_one_from_before_a_used_one_is_not_good_either(
    app: Flask, codes: list[str], open_browser: Callable[[], Browser]
) -> None:
    assert enter(again(open_browser), code_now(1)).status == 303
    assert enter(again(open_browser), code_now()).status == 422


def test_of_two_who_show_a_code_at_once_one_gets_in(app: Flask, codes: list[str]) -> None:
    code, let_in = code_now(), []

    def show() -> None:
        with app.test_request_context():
            alice = service.find("alice")
            assert alice
            try:
                let_in.append(second_steps.prove(alice, code, "192.0.2.1"))
            except Refused:
                pass
            finally:
                db.session.remove()

    threads = [threading.Thread(target=show) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert let_in == ["code"]


def test_the_row_decides_and_not_what_was_read(
    app: Flask, codes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on PostgreSQL, where two may have read the row before either raises it."""
    monkeypatch.setattr(totp, "_step_of", lambda secret, code, after: 7_000)
    with app.test_request_context():
        alice = service.find("alice")
        assert alice
        assert second_steps.prove(alice, "000000", "192.0.2.1") == "code"
        with pytest.raises(Refused):
            second_steps.prove(alice, "000000", "192.0.2.1")


def test_a_secret_sealed_under_a_lost_key_is_no_error(app: Flask, codes: list[str]) -> None:
    app.config["SECRET_KEY"] = "another"
    with app.test_request_context():
        alice = service.find("alice")
        assert alice
        with pytest.raises(Refused):
            second_steps.prove(alice, code_now(), "192.0.2.1")
        assert second_steps.prove(alice, codes[0], "192.0.2.1") == "recovery"


# Half a log-in


def test_a_half_log_in_has_no_right_at_all(app: Flask, half: Browser) -> None:
    """At no address it gets what a stranger doesn't."""
    stranger = app.test_client()
    own = {"accounts.second_step", "accounts.leave_second_step"}
    for endpoint, method, address in addresses(app):
        if endpoint not in own:
            answer = half.client.open(address, method=method)
            other = stranger.open(address, method=method)
            assert answer.status_code == other.status_code, (method, address)
            assert answer.headers.get("Location") == other.headers.get("Location"), address
    with app.app_context():
        assert len(db.session.scalars(select(HalfLogin)).all()) == 1


@pytest.mark.parametrize("address", ["/profile", "/path/", "/me", "/users", "/profile/two-factor"])
def test_it_is_a_strangers_at_each_page(half: Browser, address: str) -> None:
    assert half.visit(address).status == 401


def test_it_says_nobody_is_logged_in(half: Browser) -> None:
    page = half.visit("/hello/")
    assert "You are not logged in" in page.html.header.get_text(" ") and "alice" not in page.text


def test_without_one_the_page_leads_to_the_log_in(carol: Browser) -> None:
    page = carol.visit("/login/second-step?next=/path/")
    assert (page.status, page.location) == (303, "/login?next=/path/")
    assert carol.post("/login/second-step", code="123456").location == "/login"


def test_who_is_in_already_goes_on(alice: Browser) -> None:
    assert alice.visit("/login/second-step?next=/path/").location == "/path/"


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_a_hostile_next_leads_home(half: Browser, target: str) -> None:
    half.visit(f"/login/second-step?next={target}")
    assert enter(half, code_now(), next=target).location == "/hello/"


def test_it_ends_after_ten_minutes(half: Browser) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=601)):
        page = enter(half, code_now())
        assert page.location.startswith("/login?")
        assert half.follow().messages == ["The second step took too long. Log in again."]
        assert not is_in(half)


def test_cancel_leaves_it(app: Flask, half: Browser) -> None:
    kept = half.client.get_cookie("frontdesk")
    assert kept and half.submit("leave").location == "/login"
    assert half.visit("/login/second-step").location == "/login"
    half.client.set_cookie("frontdesk", kept.value)  # what the device held before is worth nothing
    assert half.visit("/login/second-step").location == "/login"


def test_it_is_worth_nothing_once_it_was_completed(
    half: Browser, open_browser: Callable[[], Browser]
) -> None:
    kept = half.client.get_cookie("frontdesk")
    enter(half, code_now())
    thief = open_browser()
    assert kept
    thief.client.set_cookie("frontdesk", kept.value)
    assert thief.visit("/login/second-step").location == "/login"


def test_a_new_password_ends_it(app: Flask, half: Browser) -> None:
    with app.app_context():
        alice = service.find("alice")
        assert alice
        service.set_password(alice, "another long password")
    assert half.visit("/login/second-step").location == "/login"


def test_a_disabled_member_gets_no_further(app: Flask, half: Browser) -> None:
    with app.app_context():
        alice = service.find("alice")
        assert alice
        service.set_enabled(alice, False)
    assert enter(half, code_now()).location == "/login?next=/hello/"
    assert not is_in(half)


def test_the_log_in_is_remembered_if_that_was_asked(app: Flask, carol: Browser, codes: Any) -> None:
    carol.visit("/login")
    carol.submit("login", username="alice", password=PASSWORD, remember=True)
    carol.follow()
    enter(carol, code_now())
    assert carol.client.get_cookie("frontdesk").expires is not None


@pytest.mark.parametrize("method", ["oidc", "reset"])
def test_every_other_way_in_is_half_way_too(app: Flask, codes: list[str], method: str) -> None:
    """A ticket or another server's word takes the place of a password, and of no more."""
    with app.test_request_context():
        alice = service.find("alice")
        assert alice
        assert entering.enter(alice, False, method) is False
        assert entering.enter(alice, False, entering.PASSKEY) is True


# Too many tries


def test_codes_can_not_be_tried_out(half: Browser) -> None:
    said = [enter(half, "000000").status for _ in range(6)]
    assert said == [422] * 5 + [429]
    page = enter(half, code_now())
    assert page.status == 429 and int(page.response.headers["Retry-After"]) > 0
    assert not is_in(half)


def test_a_new_half_log_in_gives_no_new_tries(
    half: Browser, open_browser: Callable[[], Browser]
) -> None:
    for _ in range(5):
        enter(half, "000000")
    assert enter(again(open_browser), code_now()).status == 429


def test_many_addresses_share_the_members_tries(app: Flask, codes: list[str]) -> None:
    statuses = []
    with app.test_request_context():
        alice = service.find("alice")
        assert alice
        for number in range(12):
            with pytest.raises(Refused) as no:
                second_steps.prove(alice, "000000", f"192.0.2.{number}")
            statuses.append(no.value.status)
    assert statuses == [422] * 10 + [429] * 2


def test_guesses_from_elsewhere_do_not_lock_the_member_out(
    app: Flask, half: Browser, codes: list[str]
) -> None:
    """From one address they leave room; from many, a recovery code still lets her in."""
    with app.test_request_context():
        alice = service.find("alice")
        assert alice
        for _ in range(8):
            with pytest.raises(Refused):
                second_steps.prove(alice, "000000", "192.0.2.1")
        assert second_steps.prove(alice, code_now(), "192.0.2.2") == "code"
        for number in range(12):
            with pytest.raises(Refused):
                second_steps.prove(alice, "000000", f"198.51.100.{number}")
        assert second_steps.prove(alice, codes[0], "192.0.2.2") == "recovery"


def test_right_codes_do_not_count(app: Flask, codes: list[str]) -> None:
    with app.test_request_context(), time_machine.travel(NOON, tick=False) as clock:
        alice = service.find("alice")
        assert alice
        for _ in range(12):
            clock.shift(31)
            assert second_steps.prove(alice, code_now(), "192.0.2.1")


# Recovery codes


def test_a_recovery_code_lets_in_once(half: Browser, codes: list[str], open_browser: Any) -> None:
    half.visit(half.page.link("recovery code"))
    assert half.page.html.select_one("#code").get("inputmode") is None
    assert enter(half, codes[3]).status == 303 and is_in(half)
    other = again(open_browser)
    assert enter(other, codes[3]).status == 422
    assert enter(other, codes[4]).status == 303


@pytest.mark.parametrize(
    "change", [str.upper, lambda code: code.replace("-", " "), lambda code: f" {code}\t"]
)
def test_it_may_be_typed_as_people_do(half: Browser, codes: list[str], change: Any) -> None:
    assert enter(half, change(codes[0])).status == 303


def test_letters_that_look_like_digits_are_taken_for_them(half: Browser, codes: list[str]) -> None:
    code = next((code for code in codes if "0" in code or "1" in code), codes[0])
    assert enter(half, code.replace("0", "O").replace("1", "l")).status == 303


def test_nobody_elses_does(app: Flask, half: Browser) -> None:
    bobs = give_app(app, "bob")
    assert enter(half, bobs[0]).status == 422


def test_of_two_who_show_it_at_once_one_gets_in(app: Flask, codes: list[str]) -> None:
    with app.test_request_context():
        alice = service.find("alice")
        assert alice
        with transaction() as session:
            session.execute(update(RecoveryCode).values(used_at=NOON))
        with pytest.raises(Refused):
            second_steps.prove(alice, codes[0], "192.0.2.1")


def test_a_wrong_one_keeps_its_page(half: Browser) -> None:
    half.visit("/login/second-step?by=recovery&next=/path/")
    page = enter(half, "x" * 28)
    assert page.html.select_one("label[for=code]").get_text() == "Recovery code"
    assert page.html.select_one("[name=next]")["value"] == "/path/"


# What is kept


def test_the_database_holds_neither_secret_nor_codes(app: Flask, codes: list[str]) -> None:
    with app.app_context():
        kept = [
            *db.session.scalars(select(Authenticator)),
            *db.session.scalars(select(RecoveryCode)),
        ]
        assert len(kept) == 11
        for row in kept:
            assert not [s for s in (SECRET, codes[0]) if s in str(vars(row)).replace("'", "")]


def test_the_log_tells_of_wrong_and_right_ones(app: Flask, half: Browser, codes: list[str]) -> None:
    enter(half, "000000")
    enter(half, codes[0])
    with app.app_context():
        entries = db.session.scalars(select(LogEntry).order_by(LogEntry.id.desc()).limit(3)).all()
        assert [entry.what for entry in entries] == [
            "member.login", "second-step.recovered", "second-step.refused",
        ]  # fmt: skip
        assert entries[0].facts["by"] == "recovery" and entries[1].who == "alice"
        assert not [entry for entry in entries if codes[0] in str(entry.facts)]
