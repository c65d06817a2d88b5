"""known_devices.py - many addresses guess at one name; its owner still gets in."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from tests.accounts.test_attempts import clock  # noqa: F401 - a fixture
from tests.accounts.test_login import comparable
from tests.browser import Browser, Page
from tests.conftest import PASSWORD

from frontdesk import create_app
from frontdesk.accounts import passwords, service
from frontdesk.accounts.attempts import limits_for
from frontdesk.db import db
from frontdesk.forms import Refused

TRIES = 12


@pytest.fixture
def settings() -> dict[str, Any]:
    """An eighth of the real limit, and of the addresses."""
    return {"LOGIN_TRIES_PER_NAME": TRIES}


@pytest.fixture(autouse=True)
def noon(clock: Any) -> Iterator[Any]:  # noqa: F811
    yield clock


def guess(app: Flask, number: int, name: str = "alice", cookie: str = "") -> Page:
    """One wrong try from an address of its own."""
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = f"192.0.2.{number}"
    if cookie:
        client.set_cookie("device", cookie)
    return Browser(client).log_in(name, "wrong")


def attack(app: Flask, name: str = "alice", times: int = TRIES) -> list[int]:
    """Wrong tries as the log-in page makes them, without the page: there are many."""
    said = []
    for number in range(times):
        with app.test_request_context("/login"), pytest.raises(Refused) as no:
            service.recognise(name, "wrong", f"192.0.2.{number}")
        said.append(no.value.status)
    return said


def known(browser: Browser, name: str = "alice") -> Browser:
    """A device on which ``name`` has been, and is no more."""
    browser.log_in(name, PASSWORD)
    browser.visit("/logout")
    browser.submit("logout")
    return browser


def test_two_hundred_addresses_are_stopped_at_the_hundredth(start: Callable[..., Flask]) -> None:
    tried = attack(start(LOGIN_TRIES_PER_NAME=100), times=200)
    assert tried == [422] * 100 + [429] * 100


def test_a_stopped_try_costs_no_work(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    attack(app)
    monkeypatch.setattr(passwords, "verify_password", lambda *_: pytest.fail("it was checked"))
    monkeypatch.setattr(service, "verify_password", lambda *_: pytest.fail("it was checked"))
    assert guess(app, 250).status == 429


def test_the_owner_gets_in_on_a_device_of_theirs(app: Flask, carol: Browser) -> None:
    known(carol)
    attack(app)
    assert guess(app, 250).status == 429
    assert carol.log_in("alice", PASSWORD).status == 303


def test_also_beside_a_guesser_at_the_same_address(start: Callable[..., Flask]) -> None:
    app = start(LOGIN_TRIES_PER_ADDRESS=15)
    owner, guesser = known(Browser(app.test_client())), Browser(app.test_client())
    assert [guesser.log_in("alice", "wrong").status for _ in range(11)][-1] == 429
    for number in range(10):
        guesser.log_in(f"nobody{number}", "wrong")
    assert owner.log_in("alice", PASSWORD).status == 303


def test_on_a_new_device_they_wait_for_the_window(app: Flask, carol: Browser, noon: Any) -> None:
    attack(app)
    page = carol.log_in("alice", PASSWORD)
    assert page.status == 429
    noon.shift(int(page.response.headers["Retry-After"]))
    assert carol.log_in("alice", PASSWORD).status == 303


def test_tries_on_a_known_device_are_counted_for_it_alone(
    app: Flask, carol: Browser, open_browser: Callable[[], Browser]
) -> None:
    known(carol)
    tried = [carol.log_in("alice", "wrong").status for _ in range(12)]
    assert tried == [422] * 10 + [429] * 2
    assert open_browser().log_in("alice", PASSWORD).status == 303


@pytest.mark.parametrize("how", ["made up", "changed", "signed by another", "of another member"])
def test_a_forged_cookie_helps_nobody(
    app: Flask, open_browser: Callable[[], Browser], start: Callable[..., Flask], how: str
) -> None:
    real = known(open_browser(), "bob").client.get_cookie("device").value
    other = Browser(start(SECRET_KEY="another secret key").test_client())
    forged = {
        "made up": "WyJ4IixbIjAwMDAiXV0.aaaa.bbbb",
        "changed": real[:-1] + ("A" if real[-1] != "A" else "B"),
        "signed by another": known(other).client.get_cookie("device").value,
        "of another member": real,
    }[how]
    attack(app)
    assert guess(app, 250, cookie=forged).status == 429


def test_a_new_secret_key_keeps_devices_known(start: Callable[..., Flask]) -> None:
    old, new = "an old secret key", "a new secret key"
    cookie = known(Browser(start(SECRET_KEY=old).test_client())).client.get_cookie("device").value
    app = start(SECRET_KEY=new, SECRET_KEY_FALLBACKS=[old], LOGIN_TRIES_PER_NAME=3)
    attack(app, times=4)
    assert guess(app, 250).status == 429
    assert guess(app, 250, cookie=cookie).status == 422


def test_who_knew_an_earlier_password_is_a_stranger(app: Flask, carol: Browser) -> None:
    cookie = known(carol).client.get_cookie("device").value
    with app.app_context():
        alice = service.find("alice")
        assert alice
        service.set_password(alice, "another long password")
    attack(app)
    assert guess(app, 250, cookie=cookie).status == 429


def test_it_ends_a_year_after_the_last_log_in(app: Flask, carol: Browser, noon: Any) -> None:
    cookie = known(carol).client.get_cookie("device").value
    noon.shift(366 * 24 * 60 * 60)
    attack(app)
    assert guess(app, 250, cookie=cookie).status == 429


def test_a_device_may_be_several_peoples(app: Flask, carol: Browser) -> None:
    known(known(carol, "alice"), "bob")
    for name in ("alice", "bob"):
        attack(app, name)
        assert known(carol, name).visit("/login").status == 200


def test_a_wrong_password_makes_no_device_known(carol: Browser) -> None:
    carol.log_in("alice", "wrong")
    assert carol.client.get_cookie("device") is None


def test_the_cookie_is_as_closed_as_the_others(carol: Browser) -> None:
    page = carol.log_in("alice", PASSWORD)
    lines = page.response.headers.getlist("Set-Cookie")
    (line,) = [line for line in lines if line.startswith("device=")]
    assert "HttpOnly" in line and "SameSite=Lax" in line and "Max-Age=31536000" in line


def test_nothing_tells_whether_the_name_exists(app: Flask) -> None:
    said = {
        name: [comparable(guess(app, number, name), name) for number in range(TRIES + 2)]
        for name in ("alice", "nobody")
    }
    assert said["alice"][:-2] == said["nobody"][:-2]
    assert attack(app, "alice", 1) == attack(app, "nobody", 1) == [429]


def test_a_name_cannot_be_written_into_anothers_count(app: Flask) -> None:
    """ "alice" at 192.0.2.7, and the name "192.0.2.7:alice", from anywhere."""
    with app.app_context():
        hers = limits_for("login", "alice", "192.0.2.7")
        for name in ("192.0.2.7:alice", "alice:192.0.2.7", ":192.0.2.7", "both:192.0.2.7:alice"):
            assert not hers.keys() & limits_for("login", name, "192.0.2.9").keys()


def guess_in_parallel(folder: Path, first: int, together: Any, answers: Any) -> None:
    """In a process of its own, as a worker of the server is."""
    chosen = {"TESTING": True, "INSTANCE_PATH": str(folder), "LOGIN_TRIES_PER_NAME": TRIES}
    app = create_app(chosen)
    together.wait()
    for number in range(10):
        answers.put(guess(app, first + number).status)
    with app.app_context():
        db.engine.dispose()


def test_workers_count_a_name_together(app: Flask, instance: Path) -> None:
    fork = multiprocessing.get_context("fork")
    together, answers = fork.Barrier(2), fork.SimpleQueue()
    started = [
        fork.Process(target=guess_in_parallel, args=(instance, first, together, answers))
        for first in (0, 100)
    ]
    for process in started:
        process.start()
    said = [answers.get() for _ in range(20)]
    for process in started:
        process.join(30)
    answers.close()
    assert sorted(said) == [422] * TRIES + [429] * 8
