"""What a visit costs on the wire: the first one, and the page after it (P2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

KB = 1000


class Scales:
    """Weighs what goes over the wire, headers and all, in bytes; what the browser has is free."""

    def __init__(self, page: Page) -> None:
        self.page, self.wire = page, page.context.new_cdp_session(page)
        self.bytes, self.asked, self.kept = 0, set[str](), set[str]()
        self.wire.send("Network.enable")
        self.wire.on("Network.responseReceived", self._received)
        self.wire.on("Network.requestServedFromCache", lambda e: self.kept.add(e["requestId"]))
        self.wire.on("Network.loadingFinished", self._finished)

    def visit(self, address: str) -> tuple[int, int]:
        """The requests and bytes of one page."""
        self.bytes, self.asked, self.kept = 0, set(), set()
        self.page.goto(address, wait_until="networkidle")
        requests = len(self.asked - self.kept)
        print(f"{address}: {requests} requests, {self.bytes:,} bytes")
        return requests, self.bytes

    def _received(self, event: dict[str, Any]) -> None:
        answer = event["response"]
        if not answer["fromDiskCache"] and not answer["url"].startswith("data:"):
            self.asked.add(event["requestId"])

    def _finished(self, event: dict[str, Any]) -> None:
        self.bytes += int(event["encodedDataLength"])


FIRST = (
    *(("carol", address, 45) for address in ("/", "/login", "/path/", "/nothing")),
    *(("alice", address, 45) for address in ("/hello/", "/path/")),
    ("alice", "/upload", 60),
)


@pytest.mark.parametrize(("who", "address", "most"), FIRST)
def test_the_first_visit_is_light(
    who: str, address: str, most: int, open_page: Callable[..., Page]
) -> None:
    requests, size = Scales(open_page(who)).visit(address)
    assert requests <= 5
    assert size <= most * KB


@pytest.mark.parametrize(
    ("who", "first", "then"),
    [("carol", "/", "/login"), ("bob", "/hello/", "/path/")],
)
def test_the_next_page_is_one_request_and_small_but_for_a_folders_rows(
    who: str, first: str, then: str, open_page: Callable[..., Page]
) -> None:
    scales = Scales(open_page(who))
    scales.visit(first)
    requests, size = scales.visit(then)
    assert requests == 1
    assert size <= 6 * KB


def test_the_upload_page_brings_its_words_each_time_and_its_script_once(
    open_page: Callable[..., Page],
) -> None:
    scales = Scales(open_page("alice"))
    scales.visit("/hello/")
    requests, size = scales.visit("/upload")
    assert requests == 2
    assert size <= (10 + 13) * KB
    scales.visit("/hello/")
    requests, size = scales.visit("/upload")
    assert requests == 1
    assert size <= 10 * KB
