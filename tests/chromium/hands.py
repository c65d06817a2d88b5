"""How people use a page: with a mouse, or with nothing but a keyboard."""

from __future__ import annotations

import time
from pathlib import Path

from playwright.sync_api import Locator, Page

MOST_TABS = 90
LONGEST_SCROLL = 5
# Where the focus is, can one see it? An outline, inside the window, with nothing on top.
FOCUS = """() => {
  const element = document.activeElement, style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const x = (Math.max(box.left, 0) + Math.min(box.right, innerWidth)) / 2;
  const y = (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2;
  const hit = document.elementFromPoint(x, y);
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  const open = Boolean(hit) && (element.contains(hit) || hit.contains(element));
  const isBetween = element === document.body; // after the last stop, before the first
  const is = element.outerHTML.slice(0, 120);
  return {fine: isBetween || ring && inside && open, ring, inside, open, is};
}"""
IS_FOCUSED = "(element) => element === document.activeElement"
IS_IN_GROUP = """(element) => element.form === document.activeElement.form
  && element.name === document.activeElement.name"""


class Mouse:
    """Points and clicks."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, role: str, name: str, *, stays: bool = False) -> None:
        """Press a link or a button by the words on it; ``stays`` if no other page comes."""
        target = self._find(role, name)
        if stays:
            self._push(target)
            return
        with self.page.expect_navigation():
            self._push(target)

    def fill(self, label: str, answer: str) -> None:
        self.page.get_by_label(label, exact=True).fill(answer)

    def choose(self, label: str, *files: Path) -> None:
        """Choose files in the system's own window."""
        with self.page.expect_file_chooser() as opened:
            self._push(self.page.get_by_label(label).first)
        opened.value.set_files(list(files))

    def pick(self, name: str, value: str) -> None:
        """Pick one of several at the foot of the page, by the group's name and the value."""
        self._choice(name, value).check()

    def _choice(self, name: str, value: str) -> Locator:
        return self.page.locator(f"footer [name={name}][value={value}]")

    def _find(self, role: str, name: str) -> Locator:
        return self.page.get_by_role(role, name=name, exact=True).first  # type: ignore[arg-type]

    def _push(self, target: Locator) -> None:
        target.click()


class Keyboard(Mouse):
    """Tab, arrows, Enter and letters; the focus can be seen wherever it stops."""

    def fill(self, label: str, answer: str) -> None:
        self._go_to(self.page.get_by_label(label, exact=True))
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(answer)

    def pick(self, name: str, value: str) -> None:
        wanted = self._choice(name, value)
        self._go_to(wanted, IS_IN_GROUP)
        while not wanted.is_checked():
            self.page.keyboard.press("ArrowDown")

    def _push(self, target: Locator) -> None:
        self._go_to(target)
        self.page.keyboard.press("Enter")

    def _go_to(self, target: Locator, arrived: str = IS_FOCUSED) -> None:
        target.wait_for()
        is_new = self.page.evaluate("() => document.activeElement === document.body")
        for stop in range(MOST_TABS):
            if target.evaluate(arrived):
                return
            self.page.keyboard.press("Tab")
            if is_new and stop == 0:
                first = self.page.evaluate("() => document.activeElement.className")
                assert first == "skip-link", f"the first Tab went to {first}"
            self._look()
        raise AssertionError(f"{MOST_TABS} Tabs don't lead to {target}")

    def _look(self) -> None:
        """The browser scrolls to where the focus is, and takes a moment for it."""
        until = time.monotonic() + LONGEST_SCROLL
        while not (seen := self.page.evaluate(FOCUS))["fine"]:
            assert time.monotonic() < until, f"focus can't be seen: {seen}"
            time.sleep(0.05)
