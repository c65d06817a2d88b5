"""Controls can be seen and hit: edges and focus rings 3:1, big enough, and still (A4, A5, A8).

``test_states.py`` asks it of every state.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page
from tests.chromium.states import State
from tests.chromium.states.ways import at
from tests.chromium.visits import Window, Windows

THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SCRIPT = (Path(__file__).parent / "controls.js").read_text(encoding="utf-8")


def pale(page: Page) -> Iterator[tuple[str, ...]]:
    """Edges and focus rings of less than 3:1."""
    page.keyboard.press("Tab")  # the ring is shown to those who use the keyboard
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        yield from ((theme, *said) for said in page.evaluate(f"{SCRIPT}; edges()"))
    page.emulate_media(color_scheme="light")


def too_small(window: Window) -> Iterator[tuple[str, ...]]:
    """What fingers can't hit."""
    window.use_fingers(True)
    assert window.page.evaluate("() => matchMedia('(pointer: coarse)').matches")
    yield from (("small", *said) for said in window.page.evaluate(f"{SCRIPT}; targets()"))
    window.use_fingers(False)


def lost_in_forced_colours(page: Page) -> Iterator[tuple[str, ...]]:
    """What can't be seen with forced colours, or moves though people asked for stillness."""
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    page.locator("a:visible, button:visible").last.hover()
    yield from (("forced", *said) for said in page.evaluate(f"{SCRIPT}; forced()"))
    page.emulate_media(forced_colors="none")


def test_they_would_find_something(windows: Windows) -> None:
    window = windows.window("carol", "en")
    window.show(State("login", "carol", at("/login")))
    window.page.evaluate("""() => { const style = document.querySelector("main .btn").style;
      style.border = "0"; style.backgroundColor = "transparent"; style.minHeight = "0";
      style.height = "10px"; style.padding = "0";
      style.setProperty("outline", "none", "important"); }""")
    said = [*pale(window.page), *too_small(window)]
    assert {what for _, what, *_ in said if what in {"edge", "ring"}} == {"edge", "ring"}
    assert "small" in {kind for kind, *_ in said}
