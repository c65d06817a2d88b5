"""/me and /users - who is asking, and who else is here, for programs."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask
from tests.browser import Browser

from frontdesk.accounts import service


def test_me_is_who_asks(alice: Browser) -> None:
    said = alice.client.get("/me").json
    assert (said["username"], said["theme"], said["image"]) == ("alice", "auto", "")
    assert UUID(said["id"])


def test_me_holds_nothing_secret(alice: Browser) -> None:
    assert alice.client.get("/me").json.keys() == {
        "id", "username", "display_name", "role", "theme", "language", "image",
    }  # fmt: skip


def test_me_follows_the_profile(alice: Browser) -> None:
    alice.visit("/profile")
    alice.submit("profile", display_name="Ada", theme="dark", language="zh")
    said = alice.client.get("/me").json
    assert (said["display_name"], said["theme"], said["language"]) == ("Ada", "dark", "zh")


def test_users_is_a_list_by_name(alice: Browser) -> None:
    said = alice.client.get("/users").json
    assert [person["username"] for person in said] == ["alice", "bob", "root"]
    assert all(person.keys() == {"id", "username", "display_name"} for person in said)


def test_who_is_disabled_is_not_among_them(app: Flask, alice: Browser) -> None:
    with app.app_context():
        bob = service.find("bob")
        assert bob
        service.set_enabled(bob, False)
    assert [person["username"] for person in alice.client.get("/users").json] == ["alice", "root"]


@pytest.mark.parametrize("address", ["/me", "/users"])
def test_a_stranger_gets_a_problem(carol: Browser, address: str) -> None:
    answer = carol.client.get(address, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.json["title"] == "Unauthorized" and answer.json["detail"]
    assert not answer.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    "accepts", ["*/*", "", "application/json, text/plain, */*", "application/problem+json"]
)
def test_a_program_that_says_little_gets_a_problem_too(carol: Browser, accepts: str) -> None:
    answer = carol.client.get("/me", headers={"Accept": accepts})
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")


def test_a_browser_gets_the_log_in_form(carol: Browser) -> None:
    accepts = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    page = carol.visit("/me", Accept=accepts)
    assert (page.status, page.title) == (401, "Log in to continue")


def test_markup_in_a_name_stays_text(alice: Browser) -> None:
    alice.visit("/profile")
    alice.submit("profile", display_name="<script>alert(1)</script>")
    answer = alice.client.get("/users")
    assert answer.mimetype == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.json[0]["display_name"] == "<script>alert(1)</script>"


@pytest.mark.parametrize("address", ["/me", "/users"])
def test_they_are_to_be_read_only(alice: Browser, address: str) -> None:
    answer = alice.client.delete(address)
    assert answer.status_code == 405
    assert answer.mimetype == "application/problem+json" or "GET" in answer.headers["Allow"]
