"""Posts, links, and what somebody sees who was given a link."""

from __future__ import annotations

from playwright.sync_api import Page, Response
from tests.chromium.people import LONG_NAME
from tests.chromium.states.ways import State, after, arrived, at, on_file, press, send


def _first_post(page: Page) -> Response:
    page.goto("/post/")
    return press(page, "main .rows a")


def _revoking(page: Page) -> Response:
    on_file(f"{LONG_NAME}.bin", "link", "link")(page)
    return press(page, "main .rows a")


def _opened_link(page: Page) -> Response:
    """What somebody sees who was given a link."""
    on_file(f"{LONG_NAME}.bin", "link", "link")(page)
    address = page.locator("main input[readonly]").first.input_value()
    page.context.clear_cookies(name="frontdesk")
    return arrived(page.goto(address))


def _ended_link(page: Page) -> Response:
    _revoking(page)
    address = page.url.rpartition("/")[2]
    send(page, "revoke")
    return arrived(page.goto(f"/s/{address}"))


POSTS = (
    State("posts-empty", "bob", at("/post/")),
    State("posts-filled", "frank", at("/post/")),
    State("post", "frank", _first_post),
    State("post-new", "frank", at("/post/new")),
    State("post-new-empty", "frank", after("/post/new", "post", to=""), 422),
    State("post-new-unknown", "frank", after("/post/new", "post", to=LONG_NAME), 422),
    State("links-none", "alice", on_file("many/note%2001.txt", "link")),
    State("links", "alice", on_file("lake.jpg", "link", "link")),
    State("link-revoke", "alice", _revoking),
    State("link-opened", "alice", _opened_link),
    State("link-ended", "alice", _ended_link, 410),
)
