"""second_steps.py and required.py - letters, an admin's reset, and roles that must have one."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pyotp
import pytest
from flask import Flask
from sqlalchemy import func, select
from tests.accounts.codes import code_now, give_app
from tests.browser import Browser
from tests.conftest import PASSWORD
from tests.routes import addresses

from frontdesk.accounts import required, second_steps, service
from frontdesk.accounts.models import (
    Authenticator,
    HalfLogin,
    Member,
    Passkey,
    RecoveryCode,
    TrustedDevice,
)
from frontdesk.audit import LogEntry
from frontdesk.db import db, transaction
from frontdesk.forms import Refused
from frontdesk.settings import BadSetting

WITH_MAIL = {
    "MAIL_URL": "memory:",
    "MAIL_FROM": "desk@example.org",
    "PUBLIC_URL": "http://localhost",
}
OPEN = {
    *("accounts.logout", "accounts.proof", "hello.language", "hello.theme", "static", "favicon"),
    *("bootstrap.static", "profile.two_factor", "profile.begin_authenticator"),
    *("profile.authenticator", "profile.recovery_codes", "profile.two_factor_off"),
    *("profile.forget_device", "profile.passkeys", "profile.passkey_options", "profile.passkey"),
    *("profile.add_passkey", "profile.remove_passkey"),
    *("accounts.proof_options", "accounts.proof_by_passkey"),
}


def named(name: str) -> Member:
    member = service.find(name)
    assert member
    return member


def give_passkey(app: Flask, name: str) -> None:
    with app.app_context(), transaction() as session:
        key = Passkey(member_id=named(name).id, credential_id=b"x", public_key=b"x", name="key")
        session.add(key)


# An admin's reset


def test_a_reset_removes_all_and_says_so_in_the_log(app: Flask, carol: Browser) -> None:
    give_app(app, "alice")
    give_passkey(app, "alice")
    carol.log_in("alice", PASSWORD)
    carol.follow()
    carol.submit("second-step", code=code_now(), trust=True)
    with app.app_context():
        second_steps.remove_all(named("alice"))
        for model in (Authenticator, RecoveryCode, Passkey, TrustedDevice, HalfLogin):
            assert not db.session.scalar(select(func.count()).select_from(model)), model
        assert db.session.scalar(select(LogEntry).where(LogEntry.what == "second-step.reset"))
    assert carol.visit("/profile").status == 200  # her log-in goes on


def test_a_reset_ends_half_log_ins(app: Flask, carol: Browser) -> None:
    give_app(app, "alice")
    carol.log_in("alice", PASSWORD)
    with app.app_context():
        second_steps.remove_all(named("alice"))
    assert carol.visit("/login/second-step").location == "/login"
    assert carol.log_in("alice", PASSWORD).location == "/hello/"


def test_a_passkey_keeps_the_codes_when_the_app_goes(app: Flask) -> None:
    give_app(app, "alice")
    give_passkey(app, "alice")
    with app.app_context():
        second_steps.turn_off(named("alice"))
        assert db.session.scalar(select(func.count()).select_from(RecoveryCode)) == 10


def test_who_has_a_passkey_alone_may_use_a_recovery_code(app: Flask, carol: Browser) -> None:
    codes = give_app(app, "alice")
    give_passkey(app, "alice")
    with app.app_context():
        second_steps.turn_off(named("alice"))
    carol.log_in("alice", PASSWORD)
    page = carol.follow()
    assert page.html.select_one("label[for=code]").get_text() == "Recovery code"
    assert carol.submit("second-step", code=codes[0]).status == 303


# Letters


@pytest.fixture
def mailed(start: Callable[..., Flask]) -> Flask:
    """A site with mail, where Alice has an address and reads Chinese."""
    app = start(**WITH_MAIL)
    with app.app_context(), transaction():
        named("alice").email = "alice@example.org"
        named("alice").language = "zh"
    return app


def sent(app: Flask) -> list[Any]:
    mailman = app.extensions.get("mailman")
    return list(mailman.outbox) if mailman else []


def test_the_member_hears_of_turning_it_on_and_off(mailed: Flask) -> None:
    alice = Browser(mailed.test_client())
    alice.log_in("alice", PASSWORD)
    alice.visit("/profile/two-factor")
    alice.submit("begin")
    secret = alice.follow().html.select_one("#secret").get_text().replace(" ", "")
    alice.submit("authenticator", code=pyotp.TOTP(secret).now())
    alice.visit("/profile/two-factor/off")
    alice.submit("two-factor-off")
    on, off = sent(mailed)
    assert on.to == off.to == ["alice@example.org"]
    assert on.subject == "第二步验证已开启" and "alice" in on.body and secret not in on.body
    assert off.subject == "您的验证器应用已移除"


def test_the_member_hears_of_a_used_recovery_code_and_of_a_reset(mailed: Flask) -> None:
    codes = give_app(mailed, "alice")
    carol = Browser(mailed.test_client())
    carol.log_in("alice", PASSWORD)
    carol.follow()
    carol.submit("second-step", code=codes[0])
    with mailed.test_request_context():
        second_steps.remove_all(named("alice"))
    used, reset = sent(mailed)
    assert used.subject == "有人使用了一个恢复码" and "9" in used.body and codes[0] not in used.body
    assert reset.subject == "第二步验证已关闭"


def test_the_member_hears_once_that_somebody_tries_codes(mailed: Flask) -> None:
    give_app(mailed, "alice")
    with mailed.test_request_context():
        for number in range(12):
            with pytest.raises(Refused):
                second_steps.prove(named("alice"), "000000", f"192.0.2.{number}")
    assert [letter.subject for letter in sent(mailed)] == ["有人在尝试您账号的验证码"]


# Roles that must have one


@pytest.fixture
def strict(app: Flask) -> Flask:
    """A site whose admins must have a second step, from the next request on."""
    app.config["REQUIRE_SECOND_STEP"] = ["admin"]
    return app


def test_who_must_and_has_none_is_led_there_from_every_page(strict: Flask, root: Browser) -> None:
    for endpoint, method, address in addresses(strict):
        if endpoint not in OPEN and method == "GET":
            page = root.visit(address)
            led = (303, "/profile/two-factor") if "resumable" not in endpoint else (403, "")
            assert (page.status, page.location) == led, address
    page = root.visit("/profile/two-factor")
    assert page.status == 200 and "Your role requires a second step" in page.text


def test_no_form_and_no_upload_passes_it_by(strict: Flask, root: Browser) -> None:
    token = {"csrf_token": csrf(root)}
    for endpoint, method, address in addresses(strict):
        if endpoint not in OPEN and method != "GET":
            answer = root.client.open(address, method=method, data=token)
            led = answer.headers.get("Location") == "/profile/two-factor"
            assert led or answer.status_code == 403, (method, address, answer.status_code)
    wants_json = {"Accept": "application/json"}
    assert root.visit("/me", **wants_json).status == 403


def csrf(browser: Browser) -> str:
    meta = browser.visit("/profile/two-factor").html.select_one("meta[name=csrf-token]")
    return str(meta["content"])


def test_others_and_strangers_do_not_notice(strict: Flask, alice: Browser, carol: Browser) -> None:
    assert alice.visit("/path/").status == 200
    assert carol.visit("/").status == 200 and carol.visit("/path/").status == 401


def test_it_costs_others_no_query(strict: Flask, alice: Browser, monkeypatch: Any) -> None:
    monkeypatch.setattr(required, "has_second_step", lambda member: pytest.fail("it asked"))
    assert alice.visit("/path/").status == 200


@pytest.mark.parametrize("address", ["/static/css/site.css", "/logout", "/proof", "/favicon.ico"])
def test_the_way_out_stays_open(strict: Flask, root: Browser, address: str) -> None:
    assert root.client.get(address, buffered=True).status_code in {200, 302}


def test_language_and_log_out_still_work(strict: Flask, root: Browser) -> None:
    root.visit("/profile/two-factor")
    page = root.submit("language", language="zh")
    assert page.location == "/profile/two-factor"
    root.visit("/logout")
    assert root.submit("logout").location == "/"


def test_once_it_is_set_up_all_is_open(strict: Flask, root: Browser) -> None:
    root.visit("/profile/two-factor")
    root.submit("begin")
    secret = root.follow().html.select_one("#secret").get_text().replace(" ", "")
    root.submit("authenticator", code=pyotp.TOTP(secret).now())
    assert root.visit("/admin/").status == 200


def test_a_passkey_is_enough(strict: Flask, root: Browser) -> None:
    give_passkey(strict, "root")
    assert root.visit("/admin/").status == 200


def test_what_is_required_can_be_replaced_and_not_turned_off(strict: Flask, root: Browser) -> None:
    give_app(strict, "root")
    page = root.visit("/profile/two-factor")
    assert "Turn off" not in page.links and page.html.select_one("#begin")
    root.visit("/profile/two-factor/off")
    page = root.submit("two-factor-off")
    assert page.status == 422
    assert page.problems == ["Your role requires a second step. Set up another app instead."]
    assert "The second step is on" in root.visit("/profile/two-factor").text


def test_tokens_of_who_has_none_are_refused(strict: Flask, token: Callable[..., str]) -> None:
    programs = strict.test_client()
    carries = {"Authorization": f"Bearer {token('root', 'write')}"}
    for method, address in (("GET", "/me"), ("PUT", "/path/a.txt"), ("POST", "/uploads/")):
        answer = programs.open(address, method=method, headers=carries, data=io.BytesIO(b"x"))
        assert answer.status_code == 403
        assert answer.json["detail"].startswith("Your role requires a second step.")
    others = {"Authorization": f"Bearer {token('alice')}"}
    assert programs.get("/me", headers=others).status_code == 200
    give_app(strict, "root")
    assert programs.get("/me", headers=carries).status_code == 200


def test_a_role_that_is_none_stops_the_start(start: Callable[..., Flask]) -> None:
    with pytest.raises(BadSetting, match="REQUIRE_SECOND_STEP may name"):
        start(REQUIRE_SECOND_STEP=["admins"])
