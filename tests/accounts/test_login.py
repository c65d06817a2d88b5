"""/login - a member comes in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from tests.browser import Browser, Page
from tests.conftest import PASSWORD

from frontdesk.accounts import passwords, service


def comparable(page: Page, name: str) -> str:
    """The page without what differs each time: the name, the tokens."""
    html = page.response.text.replace(name, "NAME")
    for field in page.html.select("input[name=csrf_token], meta[name=csrf-token]"):
        html = html.replace(str(field.get("value") or field["content"]), "TOKEN")
    return html


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


def test_both_causes_look_the_same_to_the_byte(
    app: Flask, open_browser: Callable[[], Browser]
) -> None:
    with app.app_context():
        disabled = service.find("bob")
        assert disabled
        service.set_enabled(disabled, False)
    pages = {name: open_browser().log_in(name, "wrong") for name in ("alice", "nobody", "bob")}
    assert len({comparable(page, name) for name, page in pages.items()}) == 1
    assert len({tuple(sorted(dict(page.response.headers))) for page in pages.values()}) == 1


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("alice", "wrong"),
        ("nobody", "wrong"),
        ("alice", PASSWORD),
        ("", "x"),
        ("alice", "x" * 5000),
    ],
)
def test_both_causes_cost_the_same_work(
    carol: Browser, monkeypatch: pytest.MonkeyPatch, name: str, password: str
) -> None:
    """One argon2 each; a name that no form would send costs none, and tells nothing either."""
    hasher, work = passwords._hasher, []

    class Counting:
        hash, check_needs_rehash = hasher.hash, hasher.check_needs_rehash

        def verify(self, password_hash: str, password: str) -> bool:
            work.append(password)
            return hasher.verify(password_hash, password)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    carol.log_in(name, password)
    assert len(work) == (1 if name else 0)
    assert all(len(password) <= passwords.LONGEST + 1 for password in work)


@pytest.mark.parametrize(
    "name", ["ALICE", "Alıce", "alice\x00", "a" * 5000, "ａｌｉｃｅ", "\ud83d"]
)
def test_a_name_that_is_no_name_is_nobody_or_the_same_person(carol: Browser, name: str) -> None:
    carol.visit("/login")
    sent = name.encode("utf-8", "surrogatepass")
    page = carol.submit("login", username=sent, password=PASSWORD)
    assert page.status == (303 if name in {"ALICE", "ａｌｉｃｅ"} else 422)


def test_the_name_is_remembered_only_if_asked(carol: Browser) -> None:
    carol.log_in("Alice", PASSWORD)
    assert carol.client.get_cookie("username") is None


def test_the_name_is_remembered_read_back_and_forgotten(carol: Browser) -> None:
    carol.visit("/login")
    carol.submit("login", username="ALICE", password=PASSWORD, remember=True)
    assert carol.client.get_cookie("username").value == "alice"
    carol.visit("/logout")
    carol.submit("logout")

    page = carol.visit("/login")
    assert page.html.select_one("#username")["value"] == "alice"
    assert page.html.select_one("#remember").has_attr("checked")

    carol.submit("login", password=PASSWORD, remember=False)
    assert carol.client.get_cookie("username") is None


def test_a_remembered_name_is_only_text(carol: Browser) -> None:
    carol.client.set_cookie("username", "<script>alert(1)</script>")
    page = carol.visit("/login")
    assert page.html.select_one("#username")["value"] == "<script>alert(1)</script>"


def test_a_closed_page_asks_and_leads_on(carol: Browser) -> None:
    page = carol.visit("/path/?key=a%26b")
    assert (page.status, page.title) == (401, "Log in to continue")
    assert not page.response.headers["WWW-Authenticate"].startswith("Basic")
    page = carol.submit("login", username="alice", password=PASSWORD)
    assert (page.status, page.location) == (303, "/path/?key=a%26b")


def test_a_wrong_password_on_the_way_keeps_the_way(carol: Browser) -> None:
    carol.visit("/profile")
    carol.submit("login", username="alice", password="wrong")
    assert carol.submit("login", username="alice", password=PASSWORD).location == "/profile"


def test_next_may_stand_in_the_address(carol: Browser) -> None:
    carol.visit("/login?next=/profile")
    assert carol.submit("login", username="alice", password=PASSWORD).location == "/profile"


def test_who_is_in_already_goes_on(alice: Browser) -> None:
    page = alice.visit("/login?next=/profile")
    assert (page.status, page.location) == (303, "/profile")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_told_which_there_are(carol: Browser, method: str) -> None:
    response = carol.client.open("/login", method=method)
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_a_program_gets_its_answers_as_problems(carol: Browser) -> None:
    carol.visit("/login")
    headers = {"Accept": "application/json"}
    page = carol.submit("login", username="alice", password="wrong", headers=headers)
    assert (page.status, page.response.mimetype) == (422, "application/problem+json")
    assert page.response.json["detail"] == "The username or password is not right"


def test_a_deed_is_in_the_log(root: Browser) -> None:
    page = root.visit("/admin/log?what=member.login")
    assert page.status == 200 and "logged in" in page.text and "root" in page.text


def test_a_space_that_a_phone_put_behind_the_name_does_not_matter(carol: Browser) -> None:
    assert carol.log_in(" alice ", PASSWORD).location == "/hello/"
