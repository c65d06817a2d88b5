"""access.py - every page is closed unless it is on this list; where a log-in may lead."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from tests.browser import Browser
from tests.conftest import PASSWORD
from tests.routes import addresses

from frontdesk.access import is_public, safe_next

# The whole list of what strangers may see. Adding to it is a decision, not a side effect.
PUBLIC = {
    "accounts.forgot",
    "accounts.letter_sent",
    "accounts.login",
    "accounts.logout",
    "accounts.leave_second_step",
    "accounts.second_step",
    "accounts.passkey",
    "accounts.passkey_options",
    "accounts.reset",
    "accounts.oidc",
    "accounts.oidc_callback",
    "accounts.confirm",
    "accounts.invite",
    "accounts.register",
    "accounts.registered",
    "accounts.setup",
    "bootstrap.static",
    "favicon",
    "hello.accessibility",
    "hello.alive",
    "hello.greet",
    "hello.health",
    "hello.help",
    "hello.home",
    "hello.language",
    "hello.metrics",
    "hello.theme",
    "hello.user",
    "hello.welcome",
    "posts.fetch",
    "posts.preview",
    "posts.visit",
    "profile.confirm_address",
    "resumable.collection",
    "resumable.upload",
    "static",
}

HOSTILE = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/\x00/evil.example",
    "http://evil.example",
    "https:evil.example",
    "http:///evil.example",
    "HTTPS://evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    "../evil",
    "?next=//evil.example",
    "#//evil.example",
    "//user@evil.example",
    "//evil.example\\@localhost",
    "/" * 600,
    "",
    "//[::1",
    "http://[",
]


def test_the_public_pages_are_these_and_no_others(app: Flask) -> None:
    assert {name for name in app.view_functions if is_public(app, name)} == PUBLIC


def test_a_stranger_is_asked_to_log_in_at_every_other_page(app: Flask) -> None:
    closed = [route for route in addresses(app) if route[0] not in PUBLIC]
    carol = app.test_client()
    answers = {route: carol.open(route[2], method=route[1]).status_code for route in closed}
    wrong = {route: status for route, status in answers.items() if status not in {401, 400}}
    assert not wrong and len(closed) > 10
    assert {answers[route] for route in closed if route[1] == "GET"} == {401}


def test_a_new_page_is_closed_until_it_says_otherwise(app: Flask) -> None:
    app.add_url_rule("/new", "new", lambda: "a secret")
    assert Browser(app.test_client()).visit("/new").status == 401


def test_an_admins_page_is_not_there_for_others(alice: Browser, root: Browser) -> None:
    assert alice.visit("/admin/").status == 404
    assert root.visit("/admin/").status == 200


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_no_method_lets_a_stranger_in(carol: Browser, method: str) -> None:
    assert carol.client.open("/profile", method=method).status_code == 401


@pytest.mark.parametrize("target", HOSTILE)
def test_a_hostile_next_leads_home(carol: Browser, target: str) -> None:
    carol.client.get("/login", query_string={"next": target})
    carol.visit("/login")
    page = carol.submit("login", username="alice", password=PASSWORD, next=target)
    assert (page.status, page.location) == (303, "/hello/")


@pytest.mark.parametrize(
    "target",
    ["/path/reports/2026", "/path/?key=a%26b", "/hello/%E4%BD%A0", "/a?u=http://b.example"],
)
def test_an_honest_next_is_kept(carol: Browser, target: str) -> None:
    carol.client.get("/login", query_string={"next": target})
    carol.visit("/login")
    assert (
        carol.submit("login", username="alice", password=PASSWORD, next=target).location == target
    )


TRICKS = st.sampled_from(
    ["/", "\\", "//", "\t", "\n", ":", "@", "http:", "evil.example", "%2f", "."]
)


@given(st.lists(TRICKS | st.text(max_size=3), max_size=8).map("".join))
def test_no_next_leaves_the_site_in_any_browser(target: str) -> None:
    chosen = safe_next(target)
    if chosen is not None:
        as_browsers_read_it = "".join(c for c in chosen if c not in "\t\r\n").strip("\x00 ")
        leads_to = urlsplit(
            urljoin("http://here.example/login", as_browsers_read_it.replace("\\", "/"))
        )
        assert (leads_to.scheme, leads_to.netloc) == ("http", "here.example")


@given(st.from_regex(r"/([a-z0-9]{1,5}/){0,3}(\?[a-z]=[a-z0-9%]{1,5})?", fullmatch=True))
def test_every_plain_place_on_the_site_is_kept(target: str) -> None:
    assert safe_next(target) == target
