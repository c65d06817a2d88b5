"""unusual.py - a letter tells of a log-in that may not have been the member's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from tests.browser import Browser
from tests.conftest import PASSWORD

from frontdesk.accounts import service
from frontdesk.db import transaction

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0"


@pytest.fixture
def settings() -> dict[str, Any]:
    return {
        "MAIL_URL": "memory:",
        "MAIL_FROM": "desk@example.org",
        "PUBLIC_URL": "https://files.example.org",
    }


@pytest.fixture
def enter(app: Flask) -> Callable[..., list[Any]]:
    """Alice logs in with this device; gives the letters that were sent so far."""
    change(app, email="alice@example.org", display_name="Ada")

    def enter(agent: str = "curl/8", password: str = PASSWORD, address: str = "") -> list[Any]:
        client = app.test_client()
        if address:
            client.environ_base["REMOTE_ADDR"] = address
        Browser(client, **{"User-Agent": agent}).log_in("alice", password)
        mailman = app.extensions.get("mailman")
        return getattr(mailman, "outbox", []) if mailman else []

    return enter


def change(app: Flask, **facts: Any) -> None:
    with app.app_context(), transaction():
        member = service.find("alice")
        assert member
        for name, value in facts.items():
            setattr(member, name, value)


def test_the_first_log_in_is_not_told(enter: Callable[..., list[Any]]) -> None:
    assert not enter()


def test_a_new_device_is_told_once(enter: Callable[..., list[Any]]) -> None:
    enter()
    (letter,) = enter(FIREFOX)
    assert letter.to == ["alice@example.org"] and letter.subject == "New log-in to Frontdesk"
    assert "Firefox on Linux" in letter.body and "Ada" in letter.body
    assert "https://files.example.org/profile/sessions" in letter.body
    assert len(enter(FIREFOX)) == len(enter()) == 1


def test_a_new_network_is_told(enter: Callable[..., list[Any]]) -> None:
    enter(address="2001:db8::1")
    assert not enter(address="2001:db8::2")
    assert "2001:db8:1::1" in enter(address="2001:db8:1::1")[0].body


def test_after_ninety_days_it_is_new_again(enter: Callable[..., list[Any]]) -> None:
    with time_machine.travel(NOON) as clock:
        enter(), enter(FIREFOX)
        clock.shift(timedelta(days=60))
        enter()
        clock.shift(timedelta(days=60))
        assert len(enter(FIREFOX)) == 2


def test_five_wrong_passwords_before_are_told(enter: Callable[..., list[Any]]) -> None:
    enter()
    for _ in range(5):
        assert not enter(password="wrong")
    assert "5 wrong passwords" in enter()[0].body
    assert len(enter()) == 1


def test_who_wants_none_gets_none(app: Flask, enter: Callable[..., list[Any]]) -> None:
    change(app, silent=["login"])
    enter()
    assert not enter(FIREFOX)


def test_it_speaks_the_members_language(app: Flask, enter: Callable[..., list[Any]]) -> None:
    change(app, language="zh")
    enter()
    assert enter(FIREFOX)[0].subject == "新登录：Frontdesk"
