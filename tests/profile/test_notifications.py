"""/profile/notifications - a member says which letters they want, and gets no others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update
from tests.browser import Browser

from frontdesk.accounts import notifications
from frontdesk.accounts.models import Member
from frontdesk.db import transaction


@pytest.fixture
def settings() -> dict[str, Any]:
    return {
        "MAIL_URL": "memory:",
        "MAIL_FROM": "desk@example.org",
        "PUBLIC_URL": "https://files.example.org",
    }


@pytest.fixture(autouse=True)
def addresses(app: Flask) -> None:
    """Alice and Bob have one, Root has none."""
    with app.app_context(), transaction() as session:
        for name in ("alice", "bob"):
            mine = update(Member).where(Member.username == name)
            session.execute(
                mine.values(email=f"{name}@x.example", display_name=f"{name} O’H & <b>")
            )


def change(app: Flask, name: str, **values: Any) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(Member).where(Member.username == name).values(**values))


@pytest.fixture
def letters(app: Flask) -> Callable[[], list[Any]]:
    def letters() -> list[Any]:
        mailman = app.extensions.get("mailman")
        return list(getattr(mailman, "outbox", []))

    return letters


def send(browser: Browser, to: str, message: str = "the secret recipe") -> str:
    browser.visit("/post/new")
    page = browser.submit("post", to=to, message=message)
    assert page.status == 303
    return page.location


def chosen(browser: Browser) -> list[str]:
    page = browser.visit("/profile/notifications")
    return [str(tag["name"]) for tag in page.html.select("#notifications [checked]")]


def test_the_profile_leads_there(alice: Browser) -> None:
    page = alice.visit(alice.visit("/profile").link("Notifications"))
    assert page.title == "Notifications" and "alice@x.example" in page.text


def test_a_post_is_told_by_a_letter_that_leads_to_it(
    bob: Browser, alice: Browser, letters: Callable[[], list[Any]]
) -> None:
    address = send(bob, "alice")
    (letter,) = letters()
    assert letter.to == ["alice@x.example"]
    assert letter.subject == "bob O’H & <b> has sent you a post"
    assert f"https://files.example.org{address}" in letter.body
    assert "recipe" not in letter.body


def test_who_wants_none_gets_none(
    bob: Browser, alice: Browser, letters: Callable[[], list[Any]]
) -> None:
    alice.visit("/profile/notifications")
    assert alice.submit("notifications", post=False).status == 303
    assert alice.follow().messages == ["Your choice is saved."]
    assert chosen(alice) == ["login"]
    send(bob, "alice")
    assert letters() == []


def test_only_those_with_an_address_are_written_to(
    app: Flask, bob: Browser, letters: Callable[[], list[Any]]
) -> None:
    send(bob, "alice, root, bob")
    assert [letter.to for letter in letters()] == [["alice@x.example"]], "and nobody to themselves"


def test_it_is_written_in_the_readers_language_and_zone(
    app: Flask, bob: Browser, letters: Callable[[], list[Any]]
) -> None:
    change(app, "alice", language="zh", timezone="Asia/Shanghai")
    send(bob, "alice")
    assert "给您寄了一个邮包" in letters()[0].subject and "UTC+8" in letters()[0].body
    assert bob.visit("/post/").html.html["lang"] == "en"  # type: ignore[index]


def test_a_name_cannot_add_a_header(
    app: Flask, bob: Browser, letters: Callable[[], list[Any]]
) -> None:
    change(app, "bob", display_name="Bob\r\nBcc: eve@x.example")
    send(bob, "alice")
    with app.app_context():
        assert "Bcc" not in letters()[0].message()


def test_everything_can_be_switched_off_and_on_again(alice: Browser) -> None:
    assert chosen(alice) == ["post", "login"]
    for kinds in ([], ["post", "login"]):
        alice.visit("/profile/notifications")
        alice.submit(
            "notifications", **{kind: "y" if kind in kinds else False for kind in ("post", "login")}
        )
        assert chosen(alice) == kinds


def test_a_member_without_an_address_reads_that_nothing_comes(root: Browser) -> None:
    page = root.visit("/profile/notifications")
    assert "You have no address here" in page.text
    assert root.visit(page.link("Enter an address")).title == "Email address"


def test_strangers_have_none(carol: Browser) -> None:
    assert carol.visit("/profile/notifications").status == 401


def test_what_touches_the_account_is_no_kind(member: Callable[[str], Member]) -> None:
    alice = member("alice")
    alice.silent = ["login", "post", "account"]
    assert not notifications.wants(alice, "post") and "account" not in notifications.KINDS
