"""One window for each person and language: states are visited in it, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, Response
from tests.chromium.server import Site
from tests.chromium.states import State
from tests.chromium.watch import Watch

DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 800}
PATIENCE = 60_000  # milliseconds: two cores, and other tests beside
MOST = 6  # windows that are open at a time


@dataclass
class Window:
    """A page that many states are seen in; each begins as in a new one, with the same cookies."""

    context: BrowserContext
    page: Page
    watch: Watch
    cookies: list[Any]
    _touched: CDPSession | None = field(default=None)

    def show(self, state: State) -> Response:
        """Go there. What the browser complained of before is forgotten."""
        self.watch.complaints.clear()
        self.context.clear_cookies()
        self.context.add_cookies(self.cookies)
        self.page.set_viewport_size(DESK)  # type: ignore[arg-type]
        self.page.emulate_media(color_scheme="light", reduced_motion="reduce", forced_colors="none")
        self.page.mouse.move(0, 0)
        return state.go(self.page)

    def use_fingers(self, wanted: bool) -> None:
        """Be a phone without a mouse, or a desk again."""
        self._touched = self._touched or self.context.new_cdp_session(self.page)
        self._touched.send("Emulation.setTouchEmulationEnabled", {"enabled": wanted})
        self.page.set_viewport_size(PHONE if wanted else DESK)  # type: ignore[arg-type]


class Windows:
    """Opens a window for whoever is named first, and keeps it: that takes longer than a page.

    Each is a process or more of the browser's, so whose was used longest ago is closed.
    """

    def __init__(self, engine: Browser, site: Site, logged_in: Callable[[str], Any]) -> None:
        self.engine, self.site, self.logged_in = engine, site, logged_in
        self.open: dict[tuple[str, str, bool], Window] = {}

    def window(self, who: str, language: str, scripts: bool = True) -> Window:
        known = who, language, scripts
        window = self.open.pop(known, None) or self._opened(*known)
        self.open[known] = window
        while len(self.open) > MOST:
            self.open.pop(next(iter(self.open))).context.close()
        return window

    def _opened(self, who: str, language: str, scripts: bool) -> Window:
        context = self.engine.new_context(
            base_url=self.site.url, storage_state=self.logged_in(who),
            java_script_enabled=scripts, locale="en-GB",
        )  # fmt: skip
        context.set_default_timeout(PATIENCE)
        context.add_cookies([{"name": "language", "value": language, "url": self.site.url}])
        watch = Watch(context, self.site.url)
        return Window(context, context.new_page(), watch, context.cookies())

    def close(self) -> None:
        for window in self.open.values():
            with suppress(Exception):  # a browser that has gone closed them all
                window.context.close()
