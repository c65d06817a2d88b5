"""After a form that failed one is told at once, and led to the field, without scripts too (A3).

``test_states.py`` asks it of every state.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tests.chromium.server import Site
from tests.chromium.states import STATES

FAILED = [state for state in STATES if state.status in {422, 429} and "error-" not in state.name]
BEGINS = {"en": "Error: ", "zh": "错误："}
# Follow each link of the summary, and look at the field where it leads.
FIELDS = """() => [...document.querySelectorAll("#error-summary a")].map((link) => {
  const field = document.querySelector(link.hash);
  field?.focus();
  const ids = field?.getAttribute("aria-describedby")?.split(" ") ?? [];
  const described = ids.map((id) => document.getElementById(id)?.textContent ?? "nothing");
  return {to: link.hash, says: link.textContent, invalid: field?.ariaInvalid,
    focused: document.activeElement === field, described, last: ids.at(-1) ?? ""};
})"""
INVALID = (
    """() => [...document.querySelectorAll("main [aria-invalid=true]")].map((f) => "#" + f.id)"""
)


def check(page: Page, language: str) -> None:
    """Everything that a page with a failed form owes to the person who sent it."""
    expect(page.locator("#error-summary")).to_be_focused()
    assert page.title().startswith(BEGINS[language])
    linked = page.evaluate(FIELDS)
    for field in linked:
        assert field["invalid"] == "true" and field["focused"], field
        assert field["says"] in field["described"][-1], field
    assert {field["to"] for field in linked} == set(page.evaluate(INVALID))


@pytest.mark.parametrize("scripts", [True, False], ids=["js", "no-js"])
def test_the_set_up_page_does_so_too(
    scripts: bool, empty_site: Site, open_page: Callable[..., Page]
) -> None:
    page = open_page(site=empty_site, java_script_enabled=scripts)
    page.goto(empty_site.setup_address)
    with page.expect_navigation():
        page.locator("#setup button[type=submit]").click()
    check(page, "en")
