"""At 400 % zoom nothing is scrolled sideways, whatever it is called (A7: WCAG 1.4.10, 1.4.12)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page
from tests.chromium.states import PEOPLE, State

Walk = Callable[..., Iterator[tuple[State, Page]]]
# What sticks out to the side, and boxes that cut their words off.
TOO_WIDE = """() => {
  const say = (e) => e.outerHTML.slice(0, 90);
  const all = [...document.querySelectorAll("body *")];
  if (document.documentElement.scrollWidth > innerWidth)
    return all.filter((e) => e.getBoundingClientRect().right > innerWidth + 1).map(say);
  const isField = (e) => e.matches("input, textarea, select, .visually-hidden, .visually-hidden *");
  return all.filter((e) => !isField(e) && e.scrollWidth > e.clientWidth + 1
    && getComputedStyle(e).overflowX !== "visible").map(say);
}"""
SPACED = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
    word-spacing: 0.16em !important; } p { margin-block-end: 2em !important; }`);
  document.adoptedStyleSheets = [sheet];
}"""


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("who", PEOPLE)
def test_nothing_sticks_out(who: str, language: str, walk: Walk) -> None:
    found: list[tuple[str, ...]] = []
    for state, page in walk(who, language, viewport={"width": 320, "height": 256}):
        found += [(state.name, said) for said in page.evaluate(TOO_WIDE)]
        page.evaluate(SPACED)
        found += [(state.name, "spaced", said) for said in page.evaluate(TOO_WIDE)]
    assert found == []
