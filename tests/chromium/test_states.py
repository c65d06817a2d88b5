"""What is asked of every state of every page is asked in one visit, in each language.

Axe, edges and focus rings, sizes for fingers, forced colours, small windows, failed forms; and
without JavaScript it is reached too, and its HTML is kept for ``test_validity.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page
from tests.chromium import test_access, test_controls, test_failed_forms, test_small_windows
from tests.chromium.states import STATES, State
from tests.chromium.test_validity import Html
from tests.chromium.visits import Window, Windows


def found_in(window: Window, state: State, language: str, axe: str) -> Iterator[Any]:
    """What isn't well; each look leaves the page as it was for the next."""
    page = window.page
    if state in test_failed_forms.FAILED:
        test_failed_forms.check(page, language)
    if language == "en":  # words don't change these
        yield from test_controls.pale(page)
        yield from test_controls.lost_in_forced_colours(page)
        yield from test_controls.too_small(window)
    yield from test_small_windows.sticks_out(page)
    yield from test_access.findings(_at_top(page), axe)
    yield from window.watch.complaints


def _at_top(page: Page) -> Page:
    page.mouse.move(0, 0)
    page.evaluate("() => { document.activeElement?.blur(); scrollTo(0, 0); }")
    return page


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("state", STATES, ids=str)
def test_all_is_well(state: State, language: str, windows: Windows, axe: str) -> None:
    window = windows.window(state.who, language)
    assert window.show(state).status == state.status
    assert list(found_in(window, state, language, axe)) == []


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("state", STATES, ids=str)
def test_it_is_reached_without_scripts(
    state: State, language: str, windows: Windows, html: Html
) -> None:
    page = html.fetch(windows, state, language)
    if state in test_failed_forms.FAILED:
        test_failed_forms.check(page, language)
