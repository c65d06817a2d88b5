"""/help and /accessibility - pages of words."""

from __future__ import annotations

import pytest
from tests.browser import Browser


@pytest.mark.parametrize(
    ("address", "title"), [("/help", "Help"), ("/accessibility", "Accessibility")]
)
def test_they_are_for_everybody(carol: Browser, alice: Browser, address: str, title: str) -> None:
    for browser in (carol, alice):
        page = browser.visit(address)
        assert (page.status, page.title) == (200, title)


@pytest.mark.parametrize("address", ["/", "/login", "/nowhere"])
def test_every_page_leads_to_them_from_the_same_place(carol: Browser, address: str) -> None:
    footer = carol.visit(address).html.select_one("footer")
    assert [a["href"] for a in footer.select(".footer-links a")] == ["/help", "/accessibility"]
