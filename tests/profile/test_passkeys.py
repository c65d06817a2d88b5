"""/profile/passkeys - a member adds passkeys, names them, and removes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update
from tests.accounts.authenticator import (
    ADDING,
    MAY_SYNC,
    PRESENT,
    SYNCED,
    VERIFIED,
    Key,
    add,
    options,
    post,
    problem,
    read,
)
from tests.browser import Browser, Page

from frontdesk.accounts import passkeys
from frontdesk.accounts.models import Authenticator, Member, Passkey
from frontdesk.audit import LogEntry
from frontdesk.db import db, now, transaction

WRONG = "This passkey is not right here. Use another one, or your password."


def listed(page: Page) -> list[str]:
    return [page._words(row) for row in page.html.select("#passkeys li")]


def link(browser: Browser, words: str) -> str:
    return browser.visit(ADDING).link(words)


def test_the_profile_leads_there(alice: Browser) -> None:
    address = alice.visit("/profile").link("Passkeys")
    assert alice.visit(address).title == "Passkeys"


def test_without_javascript_the_page_says_what_it_needs(alice: Browser) -> None:
    page = alice.visit(ADDING)
    assert "open this page at http://localhost in a browser" in page.text
    buttons = page.html.select("main button")
    assert buttons and all(button.find_parent("template") for button in buttons)


@pytest.mark.parametrize("host", ["http://192.168.1.5", "http://files.example.org"])
def test_where_there_are_none_the_page_says_why(app: Flask, alice: Browser, host: str) -> None:
    app.config["PUBLIC_URL"] = host
    page = alice.visit(ADDING)
    assert "Passkeys need HTTPS, and an address with a name, not a number." in page.text
    assert not page.html.select("template")
    said = "Passkeys need HTTPS, and an address with a name, not a number."
    assert problem(post(alice, f"{ADDING}/options")) == said


def test_what_is_asked_of_the_device(app: Flask, alice: Browser) -> None:
    alice.visit(ADDING)
    asked = options(alice, ADDING)
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert (asked["attestation"], asked["rp"]["id"]) == ("none", "localhost")
    assert asked["user"]["name"] == "alice" and len(read(asked["user"]["id"])) == 16


def test_a_new_one_gets_its_name_on_the_next_page(alice: Browser) -> None:
    add(alice)
    page = alice.visit(link(alice, "Rename"))
    assert page.title == "Name this passkey"
    assert page.html.select_one("#name")["value"] == "Passkey 1"
    assert alice.submit("passkey", name="  My phone ").location == ADDING
    assert listed(alice.follow())[0].startswith("My phone")


def test_the_list_says_when_and_where(app: Flask, alice: Browser) -> None:
    add(alice)
    add(alice, Key(flags=PRESENT | VERIFIED | MAY_SYNC | SYNCED))
    newest, oldest = listed(alice.visit(ADDING))
    assert "not used yet · synced between your devices" in newest and "made on" in newest
    assert "on one device" in oldest


def test_one_that_is_kept_already_is_excluded_and_refused(alice: Browser, bob: Browser) -> None:
    key = add(alice)
    alice.visit(ADDING)
    asked = options(alice, ADDING)
    assert [read(one["id"]) for one in asked["excludeCredentials"]] == [key.id]
    for browser in (alice, bob):
        browser.visit(ADDING)
        page = post(browser, ADDING, credential=key.make(options(browser, ADDING)))
        assert problem(page) == "This passkey is kept already."


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "http://evil.example"},
        {"party": "evil.example"},
        {"flags": PRESENT},
        {"flags": VERIFIED},
        {"flags": PRESENT | VERIFIED | SYNCED},
        {"id": b""},
        {"id": b"x" * 1024},
    ],
    ids=str,
)
def test_a_wrong_one_is_not_kept(alice: Browser, wrong: dict[str, Any]) -> None:
    alice.visit(ADDING)
    page = post(alice, ADDING, credential=replace(Key(), **wrong).make(options(alice, ADDING)))
    assert (page.status, problem(page)) == (422, WRONG)
    assert not listed(alice.visit(ADDING))


@pytest.mark.parametrize("part", ["clientDataJSON", "attestationObject"])
@pytest.mark.parametrize("text", ["", "AAAA", "!", "W1tbW1tb", "oA", "gYGBgYGB"])
def test_broken_bytes_are_not_kept(alice: Browser, part: str, text: str) -> None:
    alice.visit(ADDING)
    answer = Key().make(options(alice, ADDING))
    answer["response"][part] = text
    assert problem(post(alice, ADDING, credential=answer)) == WRONG


def test_an_answer_is_good_once_and_only_for_who_was_asked(alice: Browser, bob: Browser) -> None:
    alice.visit(ADDING)
    bob.visit(ADDING)
    answer = Key().make(options(alice, ADDING))
    late = "That took too long. Try again."
    assert problem(post(bob, ADDING, credential=answer)) == late
    assert post(alice, ADDING, credential=answer).status == 200
    assert problem(post(alice, ADDING, credential=answer)) == late


def test_what_was_signed_to_log_in_adds_nothing(alice: Browser) -> None:
    key = add(alice)
    alice.visit(ADDING)
    answer = key.make(
        {"challenge": options(alice, "/proof/passkey")["challenge"], "user": {"id": ""}}
    )
    assert problem(post(alice, ADDING, credential=answer)) == "That took too long. Try again."


def test_twenty_are_enough(alice: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passkeys, "MOST_PASSKEYS", 2)
    alice.visit(ADDING)
    asked = options(alice, ADDING)
    add(alice)
    add(alice)
    said = "You have 2 passkeys. Remove one first."
    assert said in alice.visit(ADDING).text and not alice.page.html.select("template")
    assert problem(post(alice, f"{ADDING}/options")) == said
    assert problem(post(alice, ADDING, credential=Key().make(asked))) == said


@pytest.mark.parametrize("name", ["", " ", "x" * 81])
def test_a_wrong_name_is_not_kept(alice: Browser, name: str) -> None:
    add(alice)
    alice.visit(link(alice, "Rename"))
    page = alice.submit("passkey", name=name)
    assert (page.status, set(page.errors)) == (422, {"name"})
    assert listed(alice.visit(ADDING))[0].startswith("Passkey 1")


def test_markup_in_a_name_is_text(alice: Browser) -> None:
    add(alice)
    alice.visit(link(alice, "Rename"))
    alice.submit("passkey", name="<img src=x>")
    page = alice.visit(ADDING)
    assert "<img src=x>" in page.text and not page.html.select("main img")
    assert "<img src=x>" in alice.visit(link(alice, "Remove")).title


def test_removing_asks_first(alice: Browser) -> None:
    add(alice)
    page = alice.visit(link(alice, "Remove"))
    assert page.title == "Remove “Passkey 1”?" and "your password alone lets you in" in page.text
    assert len(listed(alice.visit(ADDING))) == 1
    alice.visit(link(alice, "Remove"))
    assert alice.submit("remove").location == ADDING
    assert alice.follow().messages[-1] == "“Passkey 1” is removed." and not listed(alice.page)


def test_the_warning_is_for_the_last_second_step(app: Flask, alice: Browser) -> None:
    add(alice)
    with app.app_context(), transaction() as session:
        member = session.scalars(select(Passkey.member_id)).one()
        session.add(Authenticator(member_id=member, sealed="x", confirmed_at=now()))
    assert "your password alone" not in alice.visit(link(alice, "Remove")).text


@pytest.mark.parametrize("required", [["member"], ["admin", "member"], [], ["admin"]])
def test_the_last_one_stays_where_the_role_needs_one(
    app: Flask, alice: Browser, required: list[str]
) -> None:
    app.config["REQUIRE_SECOND_STEP"] = required
    add(alice)
    alice.visit(link(alice, "Remove"))
    page = alice.submit("remove")
    stays = "member" in required
    assert page.status == (422 if stays else 303)
    assert page.problems == stays * ["Your role requires a second step. Set up another one first."]
    assert len(listed(alice.visit(ADDING))) == stays


@pytest.mark.parametrize("deed", ["", "/remove"])
def test_nobody_elses_is_there(alice: Browser, bob: Browser, deed: str) -> None:
    add(alice)
    address = link(alice, "Rename") + deed
    assert bob.visit(address).status == bob.post(address, name="x").status == 404
    assert listed(alice.visit(ADDING))[0].startswith("Passkey 1")
    assert alice.visit(f"{ADDING}/{uuid4()}{deed}").status == 404


@pytest.mark.parametrize("deed", ["", "/remove"])
def test_removed_twice_is_gone(alice: Browser, deed: str) -> None:
    add(alice)
    address = link(alice, "Rename")
    alice.visit(link(alice, "Remove"))
    alice.submit("remove")
    assert alice.post(address + deed, name="x").status == 404


def test_all_of_it_asks_for_a_proof_first(alice: Browser) -> None:
    add(alice)
    addresses = [ADDING, link(alice, "Rename"), link(alice, "Remove")]
    with time_machine.travel(now() + timedelta(minutes=11), tick=False):
        for address in addresses:
            assert alice.visit(address).location.startswith("/proof?next=")
            assert alice.post(address).location.startswith("/proof?next=")
        alice.visit("/help")
        assert post(alice, f"{ADDING}/options").status == post(alice, ADDING).status == 403


def test_strangers_and_programs_have_no_business_here(
    app: Flask, carol: Browser, token: Any
) -> None:
    assert carol.visit(ADDING).status == post(carol, f"{ADDING}/options").status == 401
    carries = {"Authorization": f"Bearer {token(scope='write')}"}
    for address in (ADDING, f"{ADDING}/options", "/login/passkey", "/proof/passkey"):
        assert app.test_client().post(address, json={}, headers=carries).status_code == 403


def test_a_body_that_is_no_object_is_400(alice: Browser) -> None:
    alice.visit(ADDING)
    headers = {"X-CSRFToken": str(alice.page.html.select_one("meta[name=csrf-token]")["content"])}
    assert alice.client.post(ADDING, data=b"[", headers=headers).status_code == 400


def test_the_log_tells_of_all_three(app: Flask, alice: Browser) -> None:
    add(alice)
    alice.visit(link(alice, "Rename"))
    alice.submit("passkey", name="phone")
    alice.visit(link(alice, "Remove"))
    alice.submit("remove")
    with app.app_context():
        found = select(LogEntry.what).where(
            LogEntry.what.like("passkey.%"), LogEntry.who == "alice"
        )
        assert list(db.session.scalars(found)) == [
            "passkey.add", "passkey.rename", "passkey.remove"
        ]  # fmt: skip


class TestLetters:
    @pytest.fixture
    def settings(self) -> dict[str, str]:
        return {
            "MAIL_URL": "memory:",
            "MAIL_FROM": "desk@example.org",
            "PUBLIC_URL": "http://localhost",
        }

    @pytest.fixture(autouse=True)
    def address(self, app: Flask) -> Iterator[None]:
        with app.app_context(), transaction() as session:
            session.execute(update(Member).values(email="alice@example.org", language="zh"))
        yield

    def test_the_member_is_told_of_both(self, app: Flask, alice: Browser) -> None:
        add(alice)
        alice.visit(link(alice, "移除"))
        alice.submit("remove")
        added, removed = app.extensions["mailman"].outbox
        assert added.to == removed.to == ["alice@example.org"]
        assert added.subject == "你的账户添加了一个通行密钥"
        assert "http://localhost/profile/passkeys" in added.body
        assert removed.subject == "你的账户移除了一个通行密钥"
