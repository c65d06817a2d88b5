"""/invite/TOKEN and the pages that make invites - who is invited makes an account, once."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update
from tests.browser import Browser, Page
from tests.conftest import PASSWORD

from frontdesk.accounts import invites, service
from frontdesk.accounts.models import Invite, Member
from frontdesk.audit import LogEntry
from frontdesk.db import db, now, transaction

DAY = timedelta(days=1)
MAIL = {
    "MAIL_URL": "memory:",
    "MAIL_FROM": "desk@example.org",
    "PUBLIC_URL": "http://localhost",
}


@pytest.fixture
def settings() -> dict[str, object]:
    return {"MEMBERS_MAY_INVITE": True, **MAIL}


def path(address: str) -> str:
    return address.removeprefix("http://localhost")


def shown(page: Page) -> str:
    """The link on the page, to copy."""
    field = page.html.select_one("input#link[readonly]")
    assert field, page.text
    return path(str(field["value"]))


def invite(browser: Browser, **answers: str) -> str:
    """An admin makes an invite; here is its link."""
    browser.visit("/admin/invites/new")
    return shown(browser.submit("invite", **answers))


def accept(browser: Browser, address: str, username: str = "dora", **answers: str) -> Page:
    browser.visit(address)
    return browser.submit("invite", username=username, password=PASSWORD, **answers)


def letters(app: Flask) -> list[Any]:
    return getattr(app.extensions.get("mailman"), "outbox", [])


def link_in(letter: Any) -> str:
    found = re.search(r"http://localhost(/\S+)", letter.body)
    assert found
    return found[1]


def of(app: Flask, name: str) -> Member | None:
    with app.app_context():
        found = service.find(name)
        db.session.expunge_all()
        return found


def change(app: Flask, name: str, **values: Any) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(Member).where(Member.username == name).values(**values))


# Accepting


def test_who_is_invited_makes_an_account_and_is_in(
    app: Flask, root: Browser, carol: Browser
) -> None:
    address = invite(root)
    assert of(app, "dora") is None, "no account before somebody accepts"
    page = carol.visit(address)
    assert "root invites you to be a member" in page.text and "At least 12 characters" in page.text
    page = accept(carol, address, display_name="Dora  Maar")
    assert (page.status, page.location) == (303, "/hello/")
    page = carol.follow()
    assert page.messages == ["Welcome! Your account is ready."] and "Dora Maar" in page.title
    assert carol.visit("/admin/").status == 404


def test_an_admins_role_and_space_come_with_it(app: Flask, root: Browser, carol: Browser) -> None:
    accept(carol, invite(root, role="admin", quota="5"))
    assert carol.visit("/admin/").status == 200
    member = of(app, "dora")
    assert member and member.quota == 5_000_000_000


def test_it_is_good_once(root: Browser, carol: Browser, open_browser: Any) -> None:
    address = invite(root)
    accept(carol, address)
    page = open_browser().visit(address)
    assert (page.status, page.title) == (410, "This link has ended")


def test_one_for_two_is_good_twice(root: Browser, open_browser: Callable[[], Browser]) -> None:
    address = invite(root, uses="2")
    assert [accept(open_browser(), address, name).status for name in ("d", "e")] == [303] * 2
    assert open_browser().visit(address).status == 410


def test_two_who_take_the_last_use_make_one_account(
    app: Flask, root: Browser, open_browser: Callable[[], Browser]
) -> None:
    address, together = invite(root), Barrier(4, timeout=60)

    def hurry(name: str) -> int:
        browser = open_browser()
        browser.visit(address)
        together.wait()
        return browser.submit("invite", username=name, password=PASSWORD).status

    names = ["ada", "bea", "cia", "dora"]
    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(hurry, names)) == [303, 410, 410, 410]
    assert len([name for name in names if of(app, name)]) == 1


def test_after_its_time_it_has_ended(root: Browser, carol: Browser) -> None:
    address = invite(root, days="2")
    carol.visit(address)
    form = carol.page
    with time_machine.travel(now() + 3 * DAY):
        assert carol.visit(address).status == 410
        carol.page = form
        assert carol.post(address, username="dora", password=PASSWORD).status == 410


def test_a_revoked_one_has_ended(root: Browser, carol: Browser) -> None:
    address = invite(root)
    root.visit("/admin/invites")
    assert root.submit("revoke-1").status == 303
    assert root.follow().messages == ["The invite has ended."] and "revoked" in root.page.text
    assert carol.visit(address).status == 410


@pytest.mark.parametrize("token", ["x", "A" * 43, "%00", "é" * 50])
def test_a_wrong_one_is_not_there(carol: Browser, token: str) -> None:
    assert carol.visit(f"/invite/{token}").status == 404
    assert carol.post(f"/invite/{token}", username="dora", password=PASSWORD).status == 404


@pytest.mark.parametrize(
    "fate", [{"disabled_at": now()}, {"role": "member"}, {"leaves_at": now()}], ids=" ".join
)
def test_it_ends_with_the_right_to_make_it(
    app: Flask, root: Browser, alice: Browser, carol: Browser, fate: dict[str, Any]
) -> None:
    address = invite(root, role="admin")
    change(app, "root", **fate)
    assert carol.visit(address).status == 410
    change(app, "alice", role="admin")
    assert "may not invite any more" in alice.visit("/admin/invites").text


def test_of_who_is_no_admin_any_more_a_plain_one_stays(
    app: Flask, root: Browser, carol: Browser
) -> None:
    """Any member may make that one here."""
    plain, large = invite(root), invite(root, quota="9000")
    change(app, "root", role="member")
    assert (carol.visit(plain).status, carol.visit(large).status) == (200, 410)


def test_an_invite_of_who_is_gone_has_ended(app: Flask, alice: Browser, carol: Browser) -> None:
    alice.visit("/profile/invites")
    address = shown(alice.submit("invite"))
    with app.app_context(), transaction() as session:
        session.execute(update(Invite).values(created_by=None))
    assert carol.visit(address).status == 410


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"username": ""}, "username"),
        ({"username": "<b>"}, "username"),
        ({"username": "alice"}, "username"),
        ({"password": "short"}, "password"),
        ({"email": "nowhere"}, "email"),
        ({"display_name": "x" * 81}, "display_name"),
    ],
)
def test_a_wrong_answer_uses_nothing_up(
    root: Browser, carol: Browser, answers: dict[str, str], field: str
) -> None:
    address = invite(root)
    carol.visit(address)
    page = carol.submit("invite", **{"username": "dora", "password": PASSWORD, **answers})
    assert (page.status, set(page.errors)) == (422, {field})
    assert (
        carol.submit("invite", username="dora", password=PASSWORD, email="", display_name="").status
        == 303
    )


def test_more_than_it_asks_is_not_taken(app: Flask, root: Browser, carol: Browser) -> None:
    address = invite(root)
    carol.post(address, username="dora", password=PASSWORD, role="admin", quota="1", uses="0")
    member = of(app, "dora")
    assert member and (member.role, member.quota) == ("member", None)


def test_who_is_logged_in_is_told_so(app: Flask, root: Browser, alice: Browser) -> None:
    address = invite(root)
    assert "logged in as alice" in alice.visit(address).text
    assert alice.post(address, username="dora", password=PASSWORD).status == 200
    assert of(app, "dora") is None


def test_who_guesses_is_told_to_wait(start: Callable[..., Flask]) -> None:
    browser = Browser(start(LOGIN_TRIES_PER_ADDRESS=3).test_client())
    assert [browser.visit(f"/invite/{n}").status for n in range(5)] == [404] * 3 + [429] * 2
    assert browser.page.response.headers["Retry-After"]
    assert [browser.visit(f"/setup/{n}").status for n in range(5)] == [404] * 3 + [429] * 2


def test_who_tries_many_names_is_told_to_wait(start: Callable[..., Flask]) -> None:
    app = start(LOGIN_TRIES_PER_ADDRESS=3, **MAIL)
    root, guest = Browser(app.test_client()), Browser(app.test_client())
    root.log_in("root", PASSWORD)
    address = invite(root)
    assert [accept(guest, address, "alice").status for _ in range(4)] == [422] * 3 + [429]
    assert "Too many tries" in guest.page.problems[0]
    assert guest.page.response.headers["Retry-After"]


# By letter


def test_a_letter_leads_there_and_proves_the_address(
    app: Flask, root: Browser, carol: Browser
) -> None:
    invite(root, email="dora@example.net")
    [letter] = letters(app)
    assert letter.recipients() == ["dora@example.net"]
    assert letter.subject == "root invites you to Frontdesk"
    address = link_in(letter)
    assert carol.visit(address).html.select_one("#email")["value"] == "dora@example.net"
    accept(carol, address)
    member = of(app, "dora")
    assert member and member.email == "dora@example.net" and member.email_confirmed_at
    assert len(letters(app)) == 1, "nothing is left to ask"


def test_the_link_to_copy_proves_no_address(app: Flask, alice: Browser, carol: Browser) -> None:
    """Else a member could make an account with somebody else's, confirmed."""
    alice.visit("/profile/invites")
    address = shown(alice.submit("invite", email="victim@example.net"))
    accept(carol, address, email="victim@example.net")
    member = of(app, "dora")
    assert member and not member.email_confirmed_at
    asked = letters(app)[-1]
    assert asked.recipients() == ["victim@example.net"] and "/confirm/" in asked.body
    carol.visit(link_in(asked))
    assert carol.submit("confirm").status == 303
    member = of(app, "dora")
    assert member and member.email_confirmed_at


def test_the_letters_link_proves_no_other_address(
    app: Flask, root: Browser, carol: Browser
) -> None:
    invite(root, email="dora@example.net")
    accept(carol, link_in(letters(app)[0]), email="other@example.net")
    member = of(app, "dora")
    assert member and member.email == "other@example.net" and not member.email_confirmed_at


def test_it_is_written_in_the_language_of_who_invites(app: Flask, root: Browser) -> None:
    change(app, "root", language="zh")
    invite(root, email="dora@example.net")
    assert re.search("[\u4e00-\u9fff]", letters(app)[0].subject)


# Who may make them


def test_the_link_is_shown_once_and_no_second_one_is_made(app: Flask, root: Browser) -> None:
    root.visit("/admin/invites/new")
    form = root.page
    address = shown(root.submit("invite"))
    root.page = form
    again = root.submit("invite")
    assert again.status == 422 and "shown again" in again.problems[0]
    token = address.rpartition("/")[2]
    assert token not in root.visit("/admin/invites").response.text
    with app.app_context():
        [row] = db.session.scalars(select(Invite))
        assert token not in str(vars(row)) and len(row.token_hash) == 64


def test_a_proof_is_asked_before_an_invite_is_made(root: Browser) -> None:
    with time_machine.travel(now() + timedelta(minutes=11)):
        assert root.visit("/admin/invites/new").location.startswith("/proof")


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"email": "nowhere"}, "email"),
        ({"days": "0"}, "days"),
        ({"days": "x"}, "days"),
        ({"uses": "0"}, "uses"),
        ({"uses": "1001"}, "uses"),
        ({"quota": "-1"}, "quota"),
        ({"role": "king"}, "role"),
    ],
)
def test_a_wrong_answer_makes_none(root: Browser, answers: dict[str, str], field: str) -> None:
    root.visit("/admin/invites/new")
    page = root.submit("invite", **answers)
    assert (page.status, set(page.errors)) == (422, {field})
    assert "Nobody is invited yet" in root.visit("/admin/invites").text


def test_a_member_invites_members_only(app: Flask, alice: Browser, carol: Browser) -> None:
    assert alice.visit("/admin/invites").status == 404
    page = alice.post("/profile/invites", email="", role="admin", quota="9", uses="99")
    accept(carol, shown(page))
    member = of(app, "dora")
    assert member and (member.role, member.quota) == ("member", None)
    assert "used up" in alice.visit("/profile/invites").text


def test_unless_members_may_not(start: Callable[..., Flask]) -> None:
    browser = Browser(start().test_client())
    browser.log_in("alice", PASSWORD)
    assert browser.visit("/profile/invites").status == 404
    assert "Invite somebody" not in browser.visit("/profile").text
    assert browser.post("/profile/invites", email="").status == 404


def test_nobody_elses_is_listed_or_revoked(
    app: Flask, alice: Browser, bob: Browser, carol: Browser
) -> None:
    alice.visit(alice.visit("/profile").link("Invite somebody"))
    address = shown(alice.submit("invite"))
    revoke = str(alice.visit("/profile/invites").html.select_one("#revoke-1")["action"])
    assert not bob.visit("/profile/invites").html.select("#invites li")
    assert bob.post(revoke).status == 404 and carol.visit(address).status == 200
    assert bob.post(revoke.replace("/profile", "/admin")).status == 404
    alice.visit("/profile/invites")
    alice.submit("revoke-1")
    assert carol.visit(address).status == 410


def test_a_member_has_not_too_many_open(alice: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invites, "MOST_OPEN", 1)
    alice.post("/profile/invites", email="")
    page = alice.post("/profile/invites", email="")
    assert (page.status, page.problems) == (422, ["You have 1 open invites. Revoke one first."])


def test_a_member_writes_not_too_many_letters(
    app: Flask, alice: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invites, "LETTERS", 1)
    alice.post("/profile/invites", email="a@example.net")
    assert alice.post("/profile/invites", email="b@example.net").status == 429
    assert len(letters(app)) == 1


def test_the_list_goes_on_page_by_page(app: Flask, root: Browser) -> None:
    with app.app_context(), transaction() as session:
        for number in range(55):
            session.add(
                Invite(token_hash=str(number), email=f"{number}@example.net", expires_at=now())
            )
    page = root.visit("/admin/invites")
    assert len(page.html.select("#invites li")) == 50
    page = root.visit(page.link("Next 50"))
    assert len(page.html.select("#invites li")) == 5
    assert len(root.visit(page.link("Previous 50")).html.select("#invites li")) == 50


def test_the_log_tells_and_holds_no_link(app: Flask, root: Browser, carol: Browser) -> None:
    token = invite(root).rpartition("/")[2]
    accept(carol, f"/invite/{token}")
    root.visit("/admin/invites")
    with app.app_context():
        told = select(LogEntry).where(LogEntry.what.like("invite.%")).order_by(LogEntry.at)
        entries = db.session.scalars(told).all()
        assert [(entry.what, entry.who) for entry in entries] == [
            ("invite.create", "root"),
            ("invite.accept", "dora"),
        ]
        assert not [entry for entry in entries if token in str(entry.facts)]
