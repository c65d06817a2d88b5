"""passwords.py - many log-ins at once take neither the memory nor the pages of others."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from tests.browser import Browser
from tests.conftest import PASSWORD

from frontdesk.accounts import passwords
from frontdesk.accounts.models import Attempts
from frontdesk.db import db

INSIDE, COMING = 18, 30  # more than there are connections to the database


class Slow:
    """A hasher that takes as long as the test says, and counts who is at it."""

    def __init__(self) -> None:
        self.go, self.lock = threading.Event(), threading.Lock()
        self.now = self.most = 0

    def verify(self, password_hash: str, password: str) -> bool:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.go.wait(20)
        with self.lock:
            self.now -= 1
        return True

    def hash(self, password: str) -> str:
        return "a hash"

    def check_needs_rehash(self, password_hash: str) -> bool:
        return False


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    hasher = Slow()
    monkeypatch.setattr(passwords, "_hasher", hasher)
    monkeypatch.setattr(passwords, "_turn", threading.BoundedSemaphore(2))
    monkeypatch.setattr(passwords, "_inside", threading.BoundedSemaphore(INSIDE))
    monkeypatch.setattr(passwords, "PATIENCE", 20)
    yield hasher
    hasher.go.set()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(COMING) as pool:
        yield pool


def until(true: Callable[[], Any], seconds: float = 20) -> None:
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, "it never came to that"
        time.sleep(0.01)


def free(semaphore: threading.BoundedSemaphore) -> int:
    return int(semaphore._value)  # type: ignore[attr-defined]


def log_in(app: Flask, number: int) -> int:
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = f"192.0.2.{number}"
    return Browser(client).log_in("alice", PASSWORD).status


def test_few_run_at_once_some_wait_and_the_rest_are_told_to_come_back(
    app: Flask, slow: Slow, pool: ThreadPoolExecutor
) -> None:
    coming = [pool.submit(log_in, app, number) for number in range(COMING)]
    until(lambda: sum(one.done() for one in coming) == COMING - INSIDE)
    assert {one.result() for one in coming if one.done()} == {503}
    slow.go.set()
    assert sorted(one.result() for one in coming) == [303] * INSIDE + [503] * (COMING - INSIDE)
    assert slow.most == 2


def test_pages_go_on_while_they_wait(
    app: Flask, carol: Browser, slow: Slow, pool: ThreadPoolExecutor
) -> None:
    """Who waits holds no connection to the database: there are fifteen."""
    alice = carol
    slow.go.set()
    alice.log_in("alice", PASSWORD)
    slow.go.clear()
    coming = [pool.submit(log_in, app, number) for number in range(INSIDE)]
    until(lambda: free(passwords._inside) == 0)
    with app.app_context():  # the last of them may be giving it back
        until(lambda: db.engine.pool.checkedout() == 0, 8)
    assert [alice.visit(page).status for page in ("/profile", "/path/", "/hello/")] == [200] * 3
    slow.go.set()
    assert {one.result() for one in coming} == {303}


def test_who_is_sent_away_is_told_when_to_come_back(
    app: Flask, carol: Browser, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_inside", threading.BoundedSemaphore(1))
    passwords._inside.acquire()
    page = carol.log_in("alice", PASSWORD)
    assert (page.status, page.response.headers["Retry-After"]) == (503, "10")
    carol.visit("/login")
    headers = {"Accept": "application/json"}
    page = carol.submit("login", username="alice", password=PASSWORD, headers=headers)
    said = "Many people are logging in just now. Try again in 10 seconds."
    assert (page.status, page.response.json["detail"]) == (503, said)


def test_so_is_who_waits_too_long(
    app: Flask, carol: Browser, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "PATIENCE", 0.01)
    for _ in range(2):
        passwords._turn.acquire()
    assert carol.log_in("alice", PASSWORD).status == 503
    assert free(passwords._inside) == INSIDE


def test_that_was_no_try(
    app: Flask, carol: Browser, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_inside", threading.BoundedSemaphore(1))
    passwords._inside.acquire()
    carol.log_in("alice", "wrong")
    with app.app_context():
        assert set(db.session.scalars(select(Attempts.count))) == {0}


def test_half_of_the_threads_may_be_inside() -> None:
    text = Path("deploy/gunicorn.conf.py").read_text()
    (threads,) = re.findall(r"^threads = (\d+)$", text, re.MULTILINE)
    assert int(threads) // 2 >= passwords.MOST_INSIDE
    assert passwords.AT_ONCE <= 4
