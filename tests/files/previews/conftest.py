"""Show a file and look at what its page makes of it."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from bs4 import Tag
from tests.browser import Browser, Page

Show = Callable[..., Page]
StaysQuick = Callable[[str, bytes], str]


@pytest.fixture
def show(alice: Browser, keep: Callable[..., str]) -> Show:
    """The page of a file of Alice's that holds these bytes."""

    def show(name: str, content: bytes, query: str = "") -> Page:
        keep("alice", name, content)
        page = alice.visit(f"/path/{name}{query}")
        assert page.status == 200
        return page

    return show


@pytest.fixture
def stays_quick(alice: Browser, keep: Callable[..., str]) -> StaysQuick:
    """Asserts that a hostile file's page comes soon and is not huge; gives its HTML.

    It is not parsed: that takes longer than all that the site does.
    """

    def stays_quick(name: str, content: bytes) -> str:
        keep("alice", name, content)
        began = time.perf_counter()
        answer = alice.client.get(f"/path/{name}")
        assert time.perf_counter() - began < 15, "3 s of computing, on a busy machine"
        assert answer.status_code == 200
        assert len(answer.text) < 2_000_000
        return answer.text

    return stays_quick


def preview(page: Page) -> Tag:
    """The part of a page that shows the file."""
    found = page.html.select_one("#preview")
    assert found
    return found


def said(page: Page) -> str:
    """The words in it."""
    return " ".join(preview(page).get_text(" ").split())


def lines(page: Page) -> list[str]:
    """The lines of a text as they are shown, without what marks the end."""
    return [line.get_text().removesuffix("\n") for line in preview(page).select(".line")]
