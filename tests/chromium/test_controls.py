"""Controls can be seen and hit: edges and focus rings 3:1, big enough, and still (A4, A5, A8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page
from tests.chromium.states import PEOPLE, State

Walk = Callable[..., Iterator[tuple[State, Page]]]
SCRIPT = (Path(__file__).parent / "controls.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("who", PEOPLE)
def test_edges_and_focus_rings_stand_out(who: str, walk: Walk) -> None:
    found = []
    for state, page in walk(who, reduced_motion="reduce"):
        page.keyboard.press("Tab")  # the ring is shown to those who use the keyboard
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            found += [(theme, state.name, *said) for said in page.evaluate(f"{SCRIPT}; edges()")]
    assert found == []


@pytest.mark.parametrize("who", PEOPLE)
def test_fingers_can_hit_them(who: str, walk: Walk) -> None:
    found = []
    for state, page in walk(who, has_touch=True, viewport={"width": 390, "height": 800}):
        assert page.evaluate("() => matchMedia('(pointer: coarse)').matches")
        found += [(state.name, *said) for said in page.evaluate(f"{SCRIPT}; targets()")]
    assert found == []


@pytest.mark.parametrize("who", PEOPLE)
def test_they_stay_with_forced_colours_and_nothing_moves(who: str, walk: Walk) -> None:
    found = []
    for state, page in walk(who, forced_colors="active", reduced_motion="reduce"):
        page.locator("a:visible, button:visible").last.hover()
        found += [(state.name, *said) for said in page.evaluate(f"{SCRIPT}; forced()")]
    assert found == []
