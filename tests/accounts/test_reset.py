"""/forgot and /reset/SECRET - a new password by letter, telling nobody who is known here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from tests.accounts.test_login import comparable
from tests.browser import Browser, Page
from tests.conftest import PASSWORD

from frontdesk.accounts import expiry, passwords, resets, service
from frontdesk.accounts.models import Member, Ticket
from frontdesk.audit import LogEntry
from frontdesk.db import db, now, transaction

NEW = "another long password"
LINK = re.compile(r"https://desk\.example/reset/([\w-]{43})\b")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def settings() -> dict[str, Any]:
    return {
        "MAIL_URL": "memory:",
        "MAIL_FROM": "desk@desk.example",
        "PUBLIC_URL": "https://desk.example",
    }


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture(autouse=True)
def addresses(app: Flask) -> None:
    """Alice and Bob can be written to."""
    for name in ("alice", "bob"):
        change(app, name, email=f"{name}@post.example")


def change(app: Flask, name: str, **facts: Any) -> None:
    with app.app_context(), transaction():
        member = service.find(name)
        assert member
        for field, value in facts.items():
            setattr(member, field, value)


def letters(app: Flask) -> list[Any]:
    mailman = app.extensions.get("mailman")
    return list(getattr(mailman, "outbox", []))


def ask(browser: Browser, name: str) -> Page:
    browser.visit("/forgot")
    return browser.submit("forgot", username=name)


def secret_by_letter(app: Flask, browser: Browser, name: str = "alice") -> str:
    ask(browser, name)
    found = LINK.search(letters(app)[-1].body)
    assert found
    return found[1]


def secret_of_admin(app: Flask, name: str = "alice") -> str:
    with app.app_context():
        member = service.find(name)
        assert member
        return resets.admin_link(member)


def test_the_log_in_page_leads_there(carol: Browser) -> None:
    assert carol.visit(carol.visit("/login").link("Forgot password?")).title == (
        "Forgot your password?"
    )


def test_a_letter_brings_a_link_that_sets_a_password(app: Flask, carol: Browser) -> None:
    secret = secret_by_letter(app, carol)
    (letter,) = letters(app)
    assert (letter.to, letter.subject) == (
        ["alice@post.example"],
        "Set a new password for Frontdesk",
    )
    assert "Hello alice," in letter.body
    assert carol.visit(f"/reset/{secret}").title == "Set a new password"
    page = carol.submit("reset", password=NEW)
    assert (page.status, page.location) == (303, "/login")
    assert carol.follow().messages[0].startswith("alice has a new password.")
    assert carol.submit("login", username="alice", password=NEW).status == 303


@pytest.mark.parametrize("asked", ["alice", " ALICE ", "Alice@Post.example", "ａｌｉｃｅ"])
def test_a_name_or_an_address_will_do(app: Flask, carol: Browser, asked: str) -> None:
    assert ask(carol, asked).location == "/forgot/sent"
    assert [letter.to for letter in letters(app)] == [["alice@post.example"]]


@pytest.mark.parametrize("asked", ["nobody", "nobody@post.example", "root", "a" * 255, "x\x00y"])
def test_nobody_and_who_has_no_address_get_none(app: Flask, carol: Browser, asked: str) -> None:
    assert ask(carol, asked).location == "/forgot/sent"
    assert letters(app) == []


@pytest.mark.parametrize("state", ["disabled_at", "waiting_since"])
def test_who_may_not_log_in_gets_none(app: Flask, carol: Browser, state: str) -> None:
    secret = secret_of_admin(app, "bob")
    change(app, "bob", **{state: now()})
    ask(carol, "bob")
    assert letters(app) == []
    assert carol.visit(f"/reset/{secret}").status == 410


def test_known_and_unknown_are_answered_alike_to_the_byte(
    app: Flask, open_browser: Callable[[], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    work = []
    monkeypatch.setattr(passwords, "hash_password", work.append)
    monkeypatch.setattr(passwords, "verify_password", work.append)
    asked = {name: ask(open_browser(), name) for name in ("alice", "nobody", "root")}
    assert len({comparable(page, name) for name, page in asked.items()}) == 1
    assert len({tuple(sorted(dict(page.response.headers))) for page in asked.values()}) == 1
    assert work == []


def test_before_the_answer_nobody_is_looked_up(
    app: Flask, carol: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The work is the same, since who it is is the job's to know; here it doesn't run."""
    carol.visit("/forgot")
    form = carol.page
    monkeypatch.setattr(app, "testing", False)
    statements: dict[str, list[str]] = {}
    from sqlalchemy import event

    with app.app_context():
        engine = db.engine
    for name in ("alice", "nobody"):
        said = statements[name] = []
        # The settings are read now and then, whoever asks.
        note = lambda *args, said=said: "settings" in args[2] or said.append(args[2])  # noqa: E731
        event.listen(engine, "before_cursor_execute", note)
        carol.page = form
        carol.submit("forgot", username=name)
        event.remove(engine, "before_cursor_execute", note)
    assert statements["alice"] == statements["nobody"]
    assert not any("members" in one and "username_key" in one for one in statements["alice"])


def test_the_letter_names_our_own_address_whatever_host_was_asked(
    app: Flask, carol: Browser
) -> None:
    form = carol.visit("/forgot")
    carol.client.environ_base["HTTP_HOST"] = "evil.example"
    carol.submit("forgot", headers={"Origin": "https://desk.example"}, username="alice")
    carol.page = form
    headers = {"X-Forwarded-Host": "evil.example", "Origin": "https://desk.example"}
    carol.submit("forgot", headers=headers, username="bob")
    assert len(letters(app)) == 2
    for letter in letters(app):
        assert LINK.search(letter.body) and "evil" not in letter.body


def test_a_member_reads_it_in_their_own_language(app: Flask, carol: Browser) -> None:
    change(app, "alice", language="zh")
    ask(carol, "alice")
    assert letters(app)[0].subject == "为 Frontdesk 设置新密码"
    assert ask(carol, "bob").html.html["lang"] == "en"


def test_a_letter_outside_any_request_is_written_too(app: Flask) -> None:
    """The command line has none, and neither has the job that a real server runs."""
    change(app, "alice", language="zh")
    with app.app_context():
        resets._write("en alice")
        member = service.find("bob")
        assert member
        service.set_password(member, NEW)
    assert LINK.search(letters(app)[0].body) and "您好" in letters(app)[0].body
    assert "https://desk.example/forgot" in letters(app)[1].body


def test_it_works_once(app: Flask, carol: Browser) -> None:
    secret = secret_of_admin(app)
    carol.visit(f"/reset/{secret}")
    form = carol.page
    assert carol.submit("reset", password=NEW).status == 303
    carol.page = form
    page = carol.submit("reset", password="yet another password")
    assert (page.status, page.title) == (410, "This link has ended")
    assert carol.visit(f"/reset/{secret}").status == 410


def test_two_at_the_same_time_set_one(app: Flask, open_browser: Callable[[], Browser]) -> None:
    secret, together = secret_of_admin(app), Barrier(4)

    def hurry(number: int) -> int:
        browser = open_browser()
        browser.visit(f"/reset/{secret}")
        together.wait()
        return browser.submit("reset", password=f"{NEW} {number}").status

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(hurry, range(4))) == [303, 410, 410, 410]


def test_looking_at_it_uses_nothing_up(app: Flask, carol: Browser) -> None:
    """Mail servers open the links in letters."""
    secret = secret_of_admin(app)
    for _ in range(3):
        assert carol.visit(f"/reset/{secret}").status == 200
    assert carol.submit("reset", password=NEW).status == 303


@pytest.mark.parametrize(("by", "lasts"), [("letter", 3600), ("admin", 48 * 3600)])
def test_it_ends(app: Flask, carol: Browser, clock: Any, by: str, lasts: int) -> None:
    secret = secret_by_letter(app, carol) if by == "letter" else secret_of_admin(app)
    clock.shift(lasts - 1)
    assert carol.visit(f"/reset/{secret}").status == 200
    clock.shift(1)
    assert carol.submit("reset", password=NEW).status == 410
    assert carol.visit(f"/reset/{secret}").link("Get another link") == "/forgot"


def test_what_ended_is_removed(app: Flask, clock: Any) -> None:
    secret_of_admin(app)
    with app.app_context():
        assert expiry.remove_ended() == 0
        clock.shift(48 * 3600 + 1)
        assert expiry.remove_ended() == 1


def test_it_dies_with_the_password_it_was_for(app: Flask, carol: Browser, alice: Browser) -> None:
    secret = secret_by_letter(app, carol)
    alice.visit("/profile/password")
    alice.submit("password", current_password=PASSWORD, new_password=NEW, everywhere=False)
    assert carol.visit(f"/reset/{secret}").status == 410


def test_a_weak_one_is_refused_and_the_link_stays_good(app: Flask, carol: Browser) -> None:
    carol.visit(f"/reset/{secret_of_admin(app)}")
    assert carol.submit("reset", password="").errors == {"password": "Enter a new password"}
    page = carol.submit("reset", password="alice@post.example")
    assert page.errors == {
        "password": "Choose a password that is not your name, your address or this site’s name"
    }
    assert not page.html.select_one("#password").get("value")
    assert carol.submit("reset", password=NEW).status == 303


def test_it_logs_out_everywhere_and_nobody_in(
    app: Flask, carol: Browser, alice: Browser, token: Callable[..., str]
) -> None:
    program = token("alice")
    carol.visit(f"/reset/{secret_of_admin(app)}")
    carol.submit("reset", password=NEW)
    assert alice.visit("/profile").status == 401
    assert carol.visit("/profile").status == 401
    headers = {"Authorization": f"Bearer {program}"}
    assert app.test_client().get("/me", headers=headers).status_code == 401


def test_the_owner_is_told_by_letter(app: Flask, carol: Browser) -> None:
    carol.visit(f"/reset/{secret_of_admin(app)}")
    carol.submit("reset", password=NEW)
    assert letters(app)[-1].subject == "Your password for Frontdesk was changed"
    assert NEW not in letters(app)[-1].body


@pytest.mark.parametrize("secret", ["x", "A" * 43, "%00", "\xe9", "x" * 5000])
def test_a_wrong_secret_opens_nothing(carol: Browser, secret: str) -> None:
    assert carol.visit(f"/reset/{secret}").status == 410
    assert carol.post(f"/reset/{secret}", password=NEW).status == 410


def test_wrong_secrets_are_counted(start: Callable[..., Flask], clock: Any) -> None:
    browser = Browser(start(LOGIN_TRIES_PER_ADDRESS=5).test_client())
    assert [browser.visit(f"/reset/{n}").status for n in range(7)] == [410] * 5 + [429] * 2
    assert "Retry-After" in browser.page.response.headers


@pytest.mark.parametrize("asked", ["alice", "nobody"])
def test_asking_is_limited_whoever_it_is_for(
    app: Flask, carol: Browser, clock: Any, asked: str
) -> None:
    assert [ask(carol, asked).status for _ in range(12)] == [303] * 10 + [429] * 2
    assert "Too many tries. Try again in 15 minutes." in carol.page.text


def test_a_mailbox_is_not_filled(app: Flask, carol: Browser, clock: Any) -> None:
    for _ in range(5):
        ask(carol, "alice")
    assert len(letters(app)) == 1
    clock.shift(301)
    ask(carol, "alice@post.example")
    assert len(letters(app)) == 2


def test_a_letter_of_a_clock_that_was_ahead_holds_up_no_other(
    app: Flask, carol: Browser, clock: Any
) -> None:
    clock.shift(400 * 86_400)
    ask(carol, "alice")
    clock.shift(-400 * 86_400)
    ask(carol, "alice")
    assert len(letters(app)) == 2


def test_who_shares_an_address_gets_a_letter_for_each_name(app: Flask, carol: Browser) -> None:
    change(app, "bob", email="ALICE@post.example")
    ask(carol, "alice@post.example")
    assert [letter.body.split()[1] for letter in letters(app)] == ["alice,", "bob,"]


def test_only_the_digest_is_kept_and_the_log_tells_the_deeds(app: Flask, carol: Browser) -> None:
    secret = secret_by_letter(app, carol)
    carol.visit(f"/reset/{secret}")
    carol.submit("reset", password=NEW)
    with app.app_context():
        assert db.session.scalar(select(Ticket)) is None
        entries = db.session.scalars(select(LogEntry)).all()
        told = {entry.what: entry for entry in entries}
        assert {"member.reset-asked", "member.reset-letter", "member.password"} <= told.keys()
        assert told["member.password"].facts["by"] == "reset"
        assert not any(secret in str(entry.facts) for entry in entries)


def test_the_secret_stays_out_of_the_servers_log(stdout: Any, app: Flask, carol: Browser) -> None:
    secret = secret_of_admin(app)
    carol.visit(f"/reset/{secret}")
    assert secret not in stdout.getvalue()


def test_without_mail_it_says_who_to_ask(start: Callable[..., Flask]) -> None:
    app = start(MAIL_URL="")
    browser = Browser(app.test_client())
    page = browser.visit("/forgot")
    assert "Ask the person who runs this site" in page.text and not page.html.select("#forgot")
    assert browser.post("/forgot", username="alice").status == 200
    with app.app_context():
        assert db.session.scalar(select(Ticket)) is None


def test_who_gets_it_has_this_device_known(app: Flask, carol: Browser, clock: Any) -> None:
    """A guesser who uses up the name's tries can't keep them out any longer."""
    carol.visit(f"/reset/{secret_of_admin(app)}")
    carol.submit("reset", password=NEW)
    guesser = app.test_client()
    for _ in range(11):
        Browser(guesser).log_in("alice", "wrong")
    assert Browser(guesser).log_in("alice", NEW).status == 429
    assert carol.log_in("alice", NEW).status == 303


def test_trust_in_devices_and_half_log_ins_end(app: Flask, member: Callable[[str], Member]) -> None:
    from frontdesk.accounts.models import HalfLogin, TrustedDevice

    alice = member("alice")
    facts = {"member_id": alice.id, "expires_at": now() + timedelta(days=1)}
    with transaction() as session:
        session.add(HalfLogin(token_hash="a" * 64, **facts))
        session.add(TrustedDevice(token_hash="b" * 64, **facts))
    service.set_password(alice, NEW)
    assert db.session.scalar(select(HalfLogin)) is None
    assert db.session.scalar(select(TrustedDevice)) is None
    assert alice.password_at is not None
