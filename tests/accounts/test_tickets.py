"""tickets.py - a secret in an address is good for one deed, once, for a time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from frontdesk.accounts import service, tickets
from frontdesk.accounts.models import CONFIRM, RESET, Member, Ticket
from frontdesk.db import db, now, transaction

DAY = timedelta(days=1)


@pytest.fixture
def issued(app: Flask) -> Iterator[str]:
    with app.app_context():
        yield issue("alice")


def issue(name: str, kind: str = RESET, lasts: timedelta = DAY) -> str:
    with transaction():
        return tickets.issue(kind, of(name).id, lasts, email="a@example.org")


def of(name: str) -> Member:
    found = service.find(name)
    assert found
    return found


def redeem(secret: str, kind: str = RESET) -> Ticket | None:
    with transaction():
        return tickets.redeem(kind, secret)


def test_it_is_good_once(issued: str) -> None:
    ticket = redeem(issued)
    assert ticket and ticket.facts == {"email": "a@example.org"}
    assert redeem(issued) is None and tickets.find(RESET, issued) is None


def test_looking_does_not_use_it_up(issued: str) -> None:
    assert tickets.find(RESET, issued) and tickets.find(RESET, issued)
    assert redeem(issued)


def test_a_deed_that_fails_does_not_use_it_up(issued: str) -> None:
    with pytest.raises(RuntimeError), transaction():
        assert tickets.redeem(RESET, issued)
        raise RuntimeError
    assert redeem(issued)


def test_for_another_deed_it_is_nothing(issued: str) -> None:
    assert redeem(issued, CONFIRM) is None
    assert redeem(issued)


@pytest.mark.parametrize("secret", ["", "x", "A" * 43, "\ud83d", "x" * 10_000])
def test_one_that_never_was_is_nothing(issued: str, secret: str) -> None:
    assert redeem(secret) is None


def test_after_its_time_it_is_nothing(app: Flask) -> None:
    with app.app_context():
        secret = issue("alice")
        with time_machine.travel(now() + DAY - timedelta(seconds=5), tick=False):
            assert tickets.find(RESET, secret)
        with time_machine.travel(now() + DAY + timedelta(seconds=5), tick=False):
            assert tickets.find(RESET, secret) is None and redeem(secret) is None


def test_a_members_can_be_ended_and_nobody_elses(issued: str) -> None:
    others, kept = issue("bob"), issue("alice", CONFIRM)
    with transaction():
        tickets.void(RESET, of("alice").id)
    assert redeem(issued) is None
    assert redeem(others) and redeem(kept, CONFIRM)


def test_the_row_holds_only_its_hash(issued: str) -> None:
    ticket = db.session.scalars(select(Ticket)).one()
    assert issued not in str(vars(ticket)) and len(ticket.token_hash) == 64


def test_of_many_at_the_same_time_one_gets_it(app: Flask) -> None:
    with app.app_context():
        secret = issue("alice")
    together = Barrier(6, timeout=60)

    def hurry(_: int) -> bool:
        with app.app_context():
            together.wait()
            return redeem(secret) is not None

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(hurry, range(6))) == [False] * 5 + [True]
