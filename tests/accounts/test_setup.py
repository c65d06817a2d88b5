"""/setup/SECRET - the first account, once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from flask import Flask
from tests.browser import Browser
from tests.conftest import PASSWORD

from frontdesk.accounts import service
from frontdesk.accounts.models import Member
from frontdesk.db import db


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, object]:
    """A site without any account."""
    return {"INSTANCE_PATH": str(tmp_path / "new")}


@pytest.fixture
def address(app: Flask) -> str:
    with app.app_context():
        return f"/setup/{service.setup_token()}"


def names(app: Flask) -> list[str]:
    with app.app_context():
        return [member.username for member in db.session.query(Member)]


def test_it_makes_an_admin_and_leads_to_the_log_in(carol: Browser, address: str) -> None:
    carol.visit(address)
    page = carol.submit("setup", username="Ada", password=PASSWORD)
    assert (page.status, page.location) == (303, "/login")
    assert carol.follow().messages == ["The account Ada is ready. Log in with it."]
    carol.submit("login", username="Ada", password=PASSWORD)
    assert carol.visit("/admin/").status == 200


def test_then_it_is_gone(carol: Browser, address: str, open_browser: Callable[[], Browser]) -> None:
    carol.visit(address)
    form = carol.page
    carol.submit("setup", username="ada", password=PASSWORD)
    assert carol.visit(address).status == 410
    carol.page = form
    assert carol.submit("setup", username="eve", password=PASSWORD).status in {400, 410}


def test_the_secret_cannot_be_guessed(address: str) -> None:
    assert len(address.removeprefix("/setup/")) >= 20


@pytest.mark.parametrize("secret", ["x", "../login", "%00", "\xe9", "A" * 32])
def test_without_the_secret_it_is_not_there(carol: Browser, app: Flask, secret: str) -> None:
    assert carol.visit(f"/setup/{secret}").status == 404
    assert carol.post(f"/setup/{secret}", username="eve", password=PASSWORD).status == 404
    assert names(app) == []


def test_guesses_at_the_secret_are_counted(start: Callable[..., Flask], tmp_path: Path) -> None:
    app = start(INSTANCE_PATH=str(tmp_path / "new"), LOGIN_TRIES_PER_ADDRESS=3)
    browser = Browser(app.test_client())
    assert [browser.visit(f"/setup/{n}").status for n in range(5)] == [404] * 3 + [429] * 2


def test_another_site_has_another_secret(
    start: Callable[..., Flask], address: str, tmp_path: Path
) -> None:
    other = start(INSTANCE_PATH=str(tmp_path / "other"))
    assert Browser(other.test_client()).visit(address).status == 404


def test_it_says_what_is_missing_and_keeps_the_name(carol: Browser, address: str) -> None:
    carol.visit(address)
    page = carol.submit("setup", username="ada")
    assert (page.status, page.errors) == (422, {"password": "Enter a password"})
    page = carol.submit("setup", username="ada", password="short")
    assert page.errors == {"password": "Password must be at least 12 characters"}
    assert page.html.select_one("#username")["value"] == "ada"
    assert not page.html.select_one("#password").get("value")


def test_a_name_that_is_none_is_said_beside_it(carol: Browser, address: str, app: Flask) -> None:
    carol.visit(address)
    page = carol.submit("setup", username="<script>", password=PASSWORD)
    assert page.errors.keys() == {"username"}
    assert names(app) == []


def test_two_at_the_same_time_make_one_account(
    app: Flask, address: str, open_browser: Callable[[], Browser]
) -> None:
    together = Barrier(4)

    def hurry(name: str) -> int:
        browser = open_browser()
        browser.visit(address)
        together.wait()
        return browser.submit("setup", username=name, password=PASSWORD).status

    with ThreadPoolExecutor(4) as pool:
        said = sorted(pool.map(hurry, ["ada", "bea", "cia", "dora"]))
    assert said[0] == 303 and set(said[1:]) <= {410, 422}
    assert len(names(app)) == 1


def test_the_same_form_sent_twice_makes_one_account(
    carol: Browser, address: str, app: Flask
) -> None:
    carol.visit(address)
    form = carol.page
    carol.submit("setup", username="ada", password=PASSWORD)
    carol.page = form
    assert carol.submit("setup", username="ada", password=PASSWORD).status in {400, 410}
    assert names(app) == ["ada"]
