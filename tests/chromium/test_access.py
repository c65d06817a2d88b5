"""What axe-core finds on a page: light and dark, narrow and wide (A1, A2).

``test_states.py`` asks it of every state, in English and Chinese.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

from playwright.sync_api import Page
from tests.chromium.server import Site

WIDTHS = (320, 1280)
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# Every rule but those of level AAA (7:1 is not promised) and those that axe calls experiments.
RUN = """async () => {
  const left = ["wcag2aaa", "wcag22aaa", "experimental", "deprecated"];
  const rules = axe.getRules().filter((rule) => !rule.tags.some((tag) => left.includes(tag)));
  const wanted = {type: "rule", values: rules.map((rule) => rule.ruleId)};
  const found = await axe.run({runOnly: wanted, resultTypes: ["violations", "incomplete"]});
  const why = (node) => [...node.any, ...node.all, ...node.none][0]?.message;
  const say = (kind) => found[kind].flatMap((rule) => rule.nodes.map(
    (node) => [rule.id, node.target.join(" "), why(node) ?? rule.help]));
  return say("violations").concat(say("incomplete").map((said) => ["incomplete", ...said]));
}"""

UNKNOWN = ["incomplete", "video-caption"]  # whether people's films have captions


def findings(page: Page, axe: str) -> Iterator[tuple[Any, ...]]:
    """What axe finds on a page, with the theme and width that it was found at."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(axe)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        for theme in THEMES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            for said in page.evaluate(RUN):
                if said[:2] != UNKNOWN:
                    yield theme, width, *said


def test_axe_finds_nothing_on_the_set_up_page(
    open_page: Callable[..., Page], empty_site: Site, axe: str
) -> None:
    page = open_page(reduced_motion="reduce", site=empty_site)
    page.goto(empty_site.setup_address)
    assert list(findings(page, axe)) == []
    page.locator("#setup button[type=submit]").click()
    assert page.locator("#error-summary").is_visible()
    assert list(findings(page, axe)) == []


def test_axe_would_find_something(open_page: Callable[..., Page], axe: str) -> None:
    page = open_page()
    page.goto("/login")
    page.evaluate("""() => { document.querySelector("label").remove();
      document.querySelector(".btn").style.color = "#1f6f5a"; }""")
    found = {(theme, width, rule) for theme, width, rule, *_ in findings(page, axe)}
    rules = ("label", "color-contrast")
    assert found == {(theme, width, r) for theme in THEMES for width in WIDTHS for r in rules}
