"""A Flask extension for the tests of jobs: /slow/NAME asks for one, which waits as it is told.

It writes into the instance folder: a line in ``begun`` when it begins, one in ``done`` at its end.
"""

from __future__ import annotations

import time
from pathlib import Path

from flask import Flask, current_app

from frontdesk import jobs
from frontdesk.access import public
from frontdesk.db import transaction


def _note(name: str, subject: str) -> None:
    with Path(current_app.instance_path, name).open("a") as file:
        file.write(f"{subject}\n")


@jobs.task("slow")
def slow_job(subject: str) -> None:
    _note("begun", subject)
    while Path(current_app.instance_path, "wait").exists():
        time.sleep(0.05)
    _note("done", subject)


@public
def ask(name: str) -> str:
    with transaction():
        jobs.ask("slow", name)
    return jobs.state("slow", name) or ""


class Slow:
    """What EXTENSIONS names."""

    def init_app(self, app: Flask) -> None:
        app.add_url_rule("/slow/<name>", "slow.ask", ask)


slow = Slow()
