"""/ and /hello/ - the welcome, the greeting, the dashboard; /user/NAME, /ak."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask, render_template, request, url_for
from tests.browser import Browser


def test_a_stranger_is_welcomed(carol: Browser) -> None:
    page = carol.visit("/")
    assert (page.status, page.title) == (200, "Welcome to Frontdesk")
    assert "You are not logged in" in page.text
    assert page.link("Log in") == "/login"


def test_a_member_goes_to_their_dashboard(alice: Browser) -> None:
    page = alice.visit("/")
    assert (page.status, page.location) == (302, "/hello/")


def test_the_world_is_greeted(carol: Browser) -> None:
    assert carol.visit("/hello/").title == "Hello, World!"


@pytest.mark.parametrize(
    "name", ["Ada", "alice", "nobody-of-that-name", "李雷", "O'Neill & sons", "0"]
)
def test_any_name_is_greeted_member_or_not(carol: Browser, name: str) -> None:
    page = carol.visit(f"/hello/{quote(name)}")
    assert (page.status, page.title) == (200, f"Hello, {name}!")
    assert page.html.select_one("h1 bdi").get_text() == name


def test_nobody_can_tell_which_names_have_an_account(carol: Browser) -> None:
    answers = [carol.visit(f"/hello/{name}").response.text for name in ("alice", "alicf")]
    token = carol.page.html.select_one("meta[name=csrf-token]")["content"]
    assert len({text.replace("alicf", "alice").replace(token, "") for text in answers}) <= 2
    assert len({len(text) for text in answers}) == 1


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{ 7*7 }}",
        "{% raw %}",
        "${7*7}",
        "&lt;b&gt;",
    ],
)
def test_a_name_that_is_markup_is_shown_as_text(carol: Browser, name: str) -> None:
    page = carol.visit(f"/hello/{quote(name, safe='')}")
    if page.status == 404:  # a slash makes it another address
        assert "/" in name
        page = carol.visit(f"/hello/{quote(name.replace('/', ''), safe='')}")
        name = name.replace("/", "")
    assert page.title == f"Hello, {name}!"
    assert not page.html.select("h1 script, h1 img, h1 b")


def test_a_long_name_is_cut_at_eighty(carol: Browser) -> None:
    assert carol.visit(f"/hello/{'x' * 500}").title == f"Hello, {'x' * 80}!"


def test_a_members_dashboard_invites_to_upload(alice: Browser) -> None:
    page = alice.visit("/hello/")
    assert page.title == "Hello, alice!"
    assert "You have no files yet." in page.text
    assert page.link("Upload your first file") == "/upload"


def test_the_dashboard_shows_recent_files_and_space(
    alice: Browser, bob: Browser, keep: Callable[..., str]
) -> None:
    keep("alice", "note.txt", b"x" * 1500)
    page = alice.visit("/hello/")
    assert page.link("note.txt") == "/path/note.txt"
    assert "1.5 kB of 50 GB used" in page.text
    assert "note.txt" not in bob.visit("/hello/").text


def test_a_member_who_greets_others_sees_the_greeting(alice: Browser) -> None:
    page = alice.visit("/hello/bob")
    assert page.title == "Hello, bob!"
    assert page.link("Go to your desk") == "/hello/"


@pytest.mark.parametrize(
    ("address", "leads_to"),
    [
        ("/user/admin", "/admin/"),
        ("/user/ada", "/hello/ada"),
        ("/user/Admin", "/hello/Admin"),
        ("/user/a%20b", "/hello/a%20b"),
        ("/user/%E6%9D%8E", "/hello/%E6%9D%8E"),
    ],
)
def test_a_user_is_where_their_name_leads(carol: Browser, address: str, leads_to: str) -> None:
    page = carol.visit(address)
    assert (page.status, page.location) == (302, leads_to)


def test_ak_is_bound_by_add_url_rule_and_touches_nothing(
    carol: Browser, instance: Path, without_database: None
) -> None:
    answer = carol.client.get("/ak")
    assert (answer.status_code, answer.text) == (200, "ak")
    assert not (instance / "frontdesk.db").exists()
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "address", ["/", "/hello/", "/hello/ada", "/user/ada", "/ak", "/health", "/metrics", "/help"]
)
def test_they_are_to_be_read_only(carol: Browser, address: str) -> None:
    answer = carol.client.post(address)
    assert answer.status_code == 405 and "GET" in answer.headers["Allow"]


# What the tutorial teaches of Flask itself


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/hello/ada", 200),
        ("/hello/a/b", 404),
        ("/path/a/b/c", 404),
        ("/post/x", 404),
        ("/post/-1", 404),
        ("/post/1.5", 404),
        (f"/file/{'7' * 8}-7777-4777-8777-{'7' * 12}/a.txt", 404),
        ("/file/7/a.txt", 404),
        ("/file/not-a-uuid/thumbnail/1.0", 404),
        (f"/file/{'7' * 8}-7777-4777-8777-{'7' * 12}/thumbnail/1", 404),
        (f"/file/{'7' * 8}-7777-4777-8777-{'7' * 12}/thumbnail/-1.0", 404),
        ("/s/not-a-uuid", 404),
    ],
)
def test_converters_take_what_they_should(alice: Browser, address: str, status: int) -> None:
    assert alice.visit(address).status == status


def test_addresses_are_made_inside_a_request(app: Flask) -> None:
    with app.test_request_context("/hello/ada?key=x", method="GET"):
        assert url_for("hello.greet", name="A b?ä") == "/hello/A%20b%3F%C3%A4"
        assert url_for("static", filename="css/site.css").startswith("/static/css/site.")
        assert (request.path, request.args.get("key", "")) == ("/hello/ada", "x")
        assert "Hello, Ada!" in render_template("hello/hello.html", person="Ada").replace(
            "<bdi>", ""
        ).replace("</bdi>", "")


def test_outside_a_request_there_is_none(app: Flask) -> None:
    with pytest.raises(RuntimeError, match="outside of request context"):
        _ = request.path
    with pytest.raises(RuntimeError):
        url_for("hello.home")
