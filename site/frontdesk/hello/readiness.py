"""What /health looks at, each in a thread of its own: what hangs is left behind, and is said so.

Strangers read this: no version, no path, no name stands in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from frontdesk import jobs
from frontdesk.db import db, reading
from frontdesk.files import service as files

FRESH = 1.0  # seconds for which an answer holds
PATIENCE = 2.0  # seconds after which a check is taken for hung
HANGS = "It does not answer."


@dataclass(slots=True, frozen=True)
class Check:
    """How one thing is; ``why`` says what is wrong, and is empty when it is fine."""

    why: str
    seconds: float

    @property
    def fine(self) -> bool:
        return not self.why


@dataclass(slots=True)
class _Look:
    """One look at one thing, which may hang."""

    began: float = field(default_factory=time.monotonic)
    done: Event = field(default_factory=Event)
    check: Check | None = None

    def result(self, until: float) -> Check:
        self.done.wait(max(0.0, until - time.monotonic()))
        return self.check or Check(HANGS, time.monotonic() - self.began)


def database() -> str:
    """Whether it answers, and has our tables: SQLite makes an empty one where there is none."""
    found = db.session.scalar(text("SELECT version_num FROM alembic_version"))
    return "" if found else "It has no tables."


def storage() -> str:
    """Whether it takes a file, and has room for more."""
    try:
        takes = files.storage().takes()
    except OSError:  # it can't even be opened
        takes = False
    if not takes:
        return "Nothing can be written to it."
    return "" if files.has_room() else "It takes nothing in: there is no room."


def space() -> str:
    """Whether more is free than is kept free."""
    return "" if files.has_room() else "Less is free than is kept free."


def work() -> str:
    """Whether somebody does the jobs."""
    return "" if jobs.keep_up() else "Nobody does what is due."


CHECKS: Mapping[str, Callable[[], str]] = {
    "database": database,
    "storage": storage,
    "jobs": work,
    "space": space,
}


class Readiness:
    """One site's answer, shared by all who ask within a second."""

    def __init__(self, app: Flask) -> None:
        self.app, self.fresh = app, 0.0 if app.testing else FRESH
        self._asking = Lock()
        self._looks: dict[str, _Look] = {}
        self._known: dict[str, Check] = {}
        self._at = 0.0

    def checks(self) -> dict[str, Check]:
        """How everything is. While one looks, the others get what was known last."""
        if self._is_fresh():
            return self._known
        if not self._asking.acquire(blocking=not self._known):
            return self._known
        try:
            if not self._is_fresh():
                self._known, self._at = self._look(), time.monotonic()
            return self._known
        finally:
            self._asking.release()

    def _is_fresh(self) -> bool:
        return bool(self._known) and time.monotonic() - self._at < self.fresh

    def _look(self) -> dict[str, Check]:
        until = time.monotonic() + PATIENCE
        for name in CHECKS:
            last = self._looks.get(name)
            if last is None or last.done.is_set():  # one that hangs is not begun a second time
                look = self._looks[name] = _Look()
                Thread(target=self._run, args=[name, look], name="health", daemon=True).start()
        return {name: self._looks[name].result(until) for name in CHECKS}

    def _run(self, name: str, look: _Look) -> None:
        try:
            with self.app.app_context(), reading():
                why = CHECKS[name]()
        except SQLAlchemyError:
            why = "The database does not answer as it should."
        except Exception as error:  # whatever is wrong with it, the answer is no
            self.app.logger.warning("A check of %s went wrong", name, exc_info=error)
            why = "It can not be looked at."
        look.check = Check(why, time.monotonic() - look.began)
        look.done.set()


def of(app: Flask) -> Readiness:
    """This site's, in this process."""
    found: Readiness = app.extensions.setdefault("readiness", Readiness(app))
    return found
