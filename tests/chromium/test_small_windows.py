"""At 400 % zoom nothing is scrolled sideways, whatever it is called (A7: WCAG 1.4.10, 1.4.12).

``test_states.py`` asks it of every state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from playwright.sync_api import Page

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


UNSPACED = "() => { document.adoptedStyleSheets = []; }"


def sticks_out(page: Page) -> Iterator[tuple[str, ...]]:
    """What is too wide for 320 px, with the usual space between letters and with much of it."""
    page.set_viewport_size({"width": 320, "height": 256})
    yield from (("too wide", said) for said in page.evaluate(TOO_WIDE))
    page.evaluate(SPACED)
    yield from (("too wide, spaced", said) for said in page.evaluate(TOO_WIDE))
    page.evaluate(UNSPACED)


def test_it_would_find_something(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/login")
    page.evaluate("() => { document.querySelector('h1').style.minInlineSize = '600px'; }")
    assert {why for why, _ in sticks_out(page)} == {"too wide", "too wide, spaced"}
