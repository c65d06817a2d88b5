"""How often one member may do a thing: each process counts for itself, and forgets at its end."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Hashable
from threading import Lock


class Pace:
    """At most ``most`` times in any ``seconds``, for each key."""

    def __init__(
        self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._seconds, self._clock, self._lock = most, seconds, clock, Lock()
        self._times: dict[Hashable, deque[float]] = defaultdict(lambda: deque(maxlen=most))

    def allows(self, key: Hashable) -> bool:
        """Whether it may happen once more now; if so, it is counted."""
        now = self._clock()
        with self._lock:
            times = self._times[key]
            if len(times) == self._most and now - times[0] < self._seconds:
                return False
            times.append(now)
            return True
