"""What the attacks share: a site with mail, addresses that are theirs, and half a log-in."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from sqlalchemy import update
from tests.browser import Browser, Page
from tests.conftest import PASSWORD

from frontdesk.accounts.models import Member, email_key
from frontdesk.db import now, transaction

HOME = "http://localhost"
WITH_MAIL = {"MAIL_URL": "memory:", "MAIL_FROM": "desk@desk.example", "PUBLIC_URL": HOME}
NEW = "another long password"


def change(app: Flask, name: str, **facts: Any) -> None:
    """Write facts of a member's row, by their name."""
    with app.app_context(), transaction() as session:
        session.execute(update(Member).where(Member.username == name).values(**facts))


def give_address(app: Flask, name: str, email: str, confirmed: bool = True) -> None:
    values = {"email": email, "email_key": email_key(email)}
    change(app, name, **values, email_confirmed_at=now() if confirmed else None)


def letters(app: Flask) -> list[Any]:
    return list(getattr(app.extensions.get("mailman"), "outbox", []))


def recipients(app: Flask) -> list[str]:
    return [letter.to[0] for letter in letters(app)]


def link_in(letter: Any) -> str:
    found = re.search(rf"{HOME}(/\S+)", letter.body)
    assert found, letter.body
    return found[1]


def half_in(browser: Browser, name: str = "alice") -> Browser:
    """Where the password of somebody was right who has a second step."""
    assert "/login/second-step" in browser.log_in(name, PASSWORD).location
    browser.follow()
    return browser


def is_in(browser: Browser) -> bool:
    return browser.visit("/profile").status == 200


def csrf(browser: Browser) -> str:
    meta = browser.visit("/help").html.select_one("meta[name=csrf-token]")
    assert meta
    return str(meta["content"])


def shape(page: Page, *names: str) -> tuple[object, ...]:
    """An answer without what differs for everybody: tokens, ids, and the names that were typed."""
    text = page.response.text
    for name in names:
        text = text.replace(name, "NAME")
    text = re.sub(r'[\w.-]{60,}|[0-9a-f]{32}|nonce="[^"]*"', "…", text)
    heads = sorted(name for name, _ in page.response.headers)
    return page.status, page.location, tuple(heads), text
