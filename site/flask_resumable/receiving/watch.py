"""Who looks after a body while it arrives: when to give up, and on whose behalf."""

import time
from collections.abc import Callable

STEP = 0.25
"""Seconds between two looks. A newcomer is promised the lock within two seconds."""


class Stopped(Exception):
    """A body ended before its end. What arrived until then is good and is kept."""


class Gone(Stopped):
    """The client closed the connection, or sent less than it announced."""


class Stalled(Stopped):
    """The client sent nothing, or next to nothing, for too long."""


class Claimed(Stopped):
    """Somebody else wants to go on, most often the same client after a lost line."""


def _nobody() -> bool:
    return False


class Watch:
    """Raises when a body is to be given up. Bodies call `look()` often; most calls cost a clock
    reading.

    `idle` is the longest silence in seconds, `rate` the least bytes a second over `window` seconds
    (0: any), against clients that send a byte a minute to hold a thread (slowloris; RFC 9110 §17
    leaves the defence to the server). `wanted` says whether somebody else waits.
    """

    def __init__(
        self,
        idle: float = 30.0,
        rate: int = 0,
        window: float = 30.0,
        wanted: Callable[[], bool] = _nobody,
    ) -> None:
        self.idle, self.rate, self.window, self.wanted = idle, rate, window, wanted
        now = time.monotonic()
        self._last_byte = self._next_look = self._window_start = now
        self._window_bytes = 0

    def got(self, count: int) -> None:
        """`count` bytes arrived."""
        self._last_byte = time.monotonic()
        self._window_bytes += count
        self.look()

    def look(self) -> None:
        """Look around, at most each `STEP` seconds.

        :raise Stalled, Claimed: it is time to stop.
        """
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + STEP
        if self.wanted():
            raise Claimed("Another connection took over this upload")
        if now - self._last_byte > self.idle:
            raise Stalled("No data arrived for too long")
        self._measure(now)

    def _measure(self, now: float) -> None:
        seconds = now - self._window_start
        if seconds < self.window:
            return
        if self._window_bytes < self.rate * seconds:
            raise Stalled("The data arrived too slowly")
        self._window_start, self._window_bytes = now, 0
