"""The theme changes in place, and the last choice is the one that stays."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, Route, expect


def test_the_last_of_two_quick_choices_stays(open_page: Callable[..., Page]) -> None:
    """Arrow keys choose "light" on the way to "dark"; a slow network must not turn them round."""
    page, held = open_page(), list[Route]()
    page.goto("/help")
    page.route("**/theme", lambda route: route.continue_() if held else held.append(route))
    page.locator("footer [name=theme][value=auto]").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(1000)  # the second would overtake the first now
    held[0].continue_()
    page.wait_for_timeout(2000)
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
