"""attempts.py - wrong passwords are counted exactly, and lock nobody else out."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from tests.browser import Browser
from tests.conftest import PASSWORD

from frontdesk import create_app
from frontdesk.db import db

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)  # a window of 15 minutes begins


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def statuses(browser: Browser, name: str, password: str, times: int) -> list[int]:
    return [browser.log_in(name, password).status for _ in range(times)]


def test_fifty_wrong_passwords(carol: Browser, clock: Any) -> None:
    assert statuses(carol, "alice", "wrong", 50) == [422] * 10 + [429] * 40


def test_the_page_says_when_to_try_again(carol: Browser, clock: Any) -> None:
    statuses(carol, "alice", "wrong", 10)
    clock.shift(61)
    page = carol.log_in("alice", "wrong")
    assert page.problems == ["Too many tries. Try again in 14 minutes."]
    assert page.response.headers["Retry-After"] == "839"


def test_then_the_right_password_does_not_help_either(carol: Browser, clock: Any) -> None:
    statuses(carol, "alice", "wrong", 10)
    assert carol.log_in("alice", PASSWORD).status == 429


def test_after_the_wait_it_does(carol: Browser, clock: Any) -> None:
    statuses(carol, "alice", "wrong", 11)
    clock.shift(int(carol.page.response.headers["Retry-After"]) - 1)
    assert carol.log_in("alice", PASSWORD).status == 429
    clock.shift(1)
    assert carol.log_in("alice", PASSWORD).status == 303


def test_only_wrong_tries_count(open_browser: Callable[[], Browser], clock: Any) -> None:
    assert [open_browser().log_in("alice", PASSWORD).status for _ in range(15)] == [303] * 15


def test_a_right_try_does_not_clear_the_wrong_ones(
    open_browser: Callable[[], Browser], clock: Any
) -> None:
    """Else a guesser with an account of their own would clear the address's count with it."""
    wrong = open_browser()
    statuses(wrong, "alice", "wrong", 9)
    assert open_browser().log_in("alice", PASSWORD).status == 303
    assert statuses(wrong, "alice", "wrong", 2) == [422, 429]


def test_another_person_is_not_locked_out(carol: Browser, clock: Any) -> None:
    statuses(carol, "alice", "wrong", 12)
    assert carol.log_in("bob", PASSWORD).status == 303


def test_alice_herself_gets_in_from_elsewhere(app: Flask, carol: Browser, clock: Any) -> None:
    statuses(carol, "alice", "wrong", 12)
    elsewhere = app.test_client()
    elsewhere.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    assert Browser(elsewhere).log_in("alice", PASSWORD).status == 303


def test_a_name_is_the_same_however_it_is_written(carol: Browser, clock: Any) -> None:
    names = ["alice", "ALICE", "Alice", "ａｌｉｃｅ", "aLiCe"] * 3
    assert [carol.log_in(name, "wrong").status for name in names] == [422] * 10 + [429] * 5


def test_a_name_that_does_not_exist_is_limited_alike(carol: Browser, clock: Any) -> None:
    assert statuses(carol, "nobody", "wrong", 12) == [422] * 10 + [429] * 2


def test_one_address_may_not_try_all_names(start: Callable[..., Flask], clock: Any) -> None:
    browser = Browser(start(LOGIN_TRIES_PER_ADDRESS=15).test_client())
    tried = [browser.log_in(f"name{number}", "wrong").status for number in range(20)]
    assert tried == [422] * 15 + [429] * 5


def test_an_ipv6_network_is_one_address(app: Flask, clock: Any) -> None:
    """A visitor has 2^64 of them, and could take a new one for each try."""

    def guess(address: str) -> int:
        client = app.test_client()
        client.environ_base["REMOTE_ADDR"] = address
        return Browser(client).log_in("alice", "wrong").status

    assert [guess(f"2001:db8:0:1::{n:x}") for n in range(12)] == [422] * 10 + [429] * 2
    assert guess("2001:db8:0:2::1") == 422


def guess_in_parallel(folder: Path, together: Any, answers: Any) -> None:
    """In a process of its own, as a worker of the server is."""
    app = create_app({"TESTING": True, "INSTANCE_PATH": str(folder)})
    browser = Browser(app.test_client())
    browser.visit("/login")
    together.wait()
    for _ in range(8):
        answers.put(browser.submit("login", username="alice", password="wrong").status)
        browser.visit("/login")
    with app.app_context():
        db.engine.dispose()


def test_processes_count_together(app: Flask, instance: Path, clock: Any) -> None:
    fork = multiprocessing.get_context("fork")
    together, answers = fork.Barrier(4), fork.SimpleQueue()
    started = [
        fork.Process(target=guess_in_parallel, args=(instance, together, answers)) for _ in range(4)
    ]
    for process in started:
        process.start()
    said = [answers.get() for _ in range(32)]
    for process in started:
        process.join(30)
    answers.close()
    assert sorted(said) == [422] * 10 + [429] * 22


def test_threads_count_together(open_browser: Callable[[], Browser], clock: Any) -> None:
    def guess(browser: Browser) -> list[int]:
        return statuses(browser, "alice", "wrong", 5)

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(guess, [open_browser() for _ in range(8)]))
    assert sorted(chain(*said)) == [422] * 10 + [429] * 30
