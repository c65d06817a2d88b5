"""The site by a clock that jumps: by the seconds in the file `clock` beside its instance.

gunicorn serves ``application``; each request looks into that file first. As a program it is
`flask` by that clock. Only the clock of the day jumps, as on a machine whose clock is set.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

import time_machine
from flask import cli

FILE = Path(os.environ["FRONTDESK_INSTANCE_PATH"]).parent / "clock"


class Clock:
    """Of this process."""

    def __init__(self) -> None:
        self._lock, self._by = Lock(), 0.0
        self._travel: time_machine.travel | None = None

    def look(self) -> None:
        by = float(FILE.read_text()) if FILE.exists() else 0.0
        with self._lock:
            if by == self._by:
                return
            if self._travel:
                self._travel.stop()
            self._by, self._travel = by, time_machine.travel(time.time() + by)
            self._travel.start()


def made() -> Any:
    """The site, whose requests look first."""
    from wsgi import application

    clock, answer = Clock(), application.wsgi_app

    def look_first(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        clock.look()
        return answer(environ, start_response)

    application.wsgi_app = look_first  # type: ignore[method-assign]
    return application


if __name__ == "__main__":
    Clock().look()
    cli.main()
else:
    application = made()
