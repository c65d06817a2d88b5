"""/login - a member comes in."""

from __future__ import annotations

import pytest
from tests.browser import Browser
from tests.conftest import PASSWORD


def test_it_shows_the_form(carol: Browser) -> None:
    page = carol.visit("/login")
    assert page.title == "Log in"
    assert page.status == 200


def test_it_says_what_is_missing(carol: Browser) -> None:
    carol.visit("/login")
    page = carol.submit("login")
    assert page.status == 422
    assert page.errors == {"username": "Enter your username", "password": "Enter your password"}
    assert page.problems == ["Enter your username", "Enter your password"]


def test_it_lets_a_member_in(carol: Browser) -> None:
    page = carol.log_in("Alice", PASSWORD)
    assert (page.status, page.location) == (303, "/hello/")
    assert carol.follow().title == "Hello, alice!"


@pytest.mark.parametrize(("name", "password"), [("alice", "wrong"), ("nobody", PASSWORD)])
def test_it_refuses_both_causes_in_one_sentence(carol: Browser, name: str, password: str) -> None:
    page = carol.log_in(name, password)
    assert page.status == 422
    assert page.problems == ["The username or password is not right"]
    assert page.html.select_one("#username")["value"] == name
    assert not page.html.select_one("#password").get("value")
