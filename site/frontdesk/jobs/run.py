"""Run one job: claim it, do it, and note how that went."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, or_, select, update
from structlog.contextvars import bound_contextvars

from frontdesk import watching
from frontdesk.db import db, now, reading, transaction
from frontdesk.jobs.models import DONE, FAILED, RUNNING, WAITING, Job
from frontdesk.watching import counts

_lines = logging.getLogger("frontdesk.jobs")

Task = Callable[[str], None]
MOST_TRIES = 5
# How long to wait after the first try, the second, …
PAUSES = [timedelta(seconds=10), timedelta(minutes=2), timedelta(minutes=15), timedelta(hours=1)]
MOST_AT_ONCE = 1_000


@dataclass(slots=True, frozen=True)
class Kind:
    """How a kind of job is done, and after which time it is taken for lost."""

    do: Task
    limit: timedelta
    daily: bool


_kinds: dict[str, Kind] = {}
KINDS: Mapping[str, Kind] = MappingProxyType(_kinds)


class GiveUp(Exception):
    """There is no use in trying again; the message says why, in English: pages translate it."""


def task(kind: str, *, minutes: int = 10, daily: bool = False) -> Callable[[Task], Task]:
    """Register a function of a subject as what is done for a job of that ``kind``.

    It runs without a request: it may read, and write inside ``transaction()``. One that runs for
    more than ``minutes`` is taken for lost and begun again. A ``daily`` one is asked for by
    itself, with the date as its subject.
    """

    def register(do: Task) -> Task:
        _kinds[kind] = Kind(do, timedelta(minutes=minutes), daily)
        return do

    return register


def run(id: int, runner: str) -> None:
    """Do the job of that id, if it waits and is due. Called twice, it is done once."""
    job = _claim(id, runner)
    if job is None:
        return
    began = time.perf_counter()
    with bound_contextvars(job=job.id), watching.tracing.job(_name(job)):
        try:
            with reading():
                _do(job)
        except GiveUp as no:
            _end(job, FAILED, str(no))
        except Exception as error:
            current_app.logger.exception("The job %s of %s went wrong", job.kind, job.subject)
            watching.failed(error, f"job {_name(job)}")
            _try_again(job, f"{type(error).__name__}: {error}")
        else:
            _end(job, DONE)
        _tell(job, time.perf_counter() - began)


def _name(job: Job) -> str:
    """Its kind, if that is one of ours."""
    return job.kind if job.kind in KINDS else "unknown"


def _tell(job: Job, took: float) -> None:
    counts.add("job seconds", _name(job), by=took)
    _lines.info("job", extra={"kind": _name(job), "tries": job.tries, "ms": round(took * 1000, 1)})


def _do(job: Job) -> None:
    kind = KINDS.get(job.kind)
    if kind is None:
        raise GiveUp(_("Nothing here knows how to do this."))
    kind.do(job.subject)


def _claim(id: int, runner: str) -> Job | None:
    with transaction() as session:
        job = session.scalar(
            update(Job)
            .where(Job.id == id, Job.state == WAITING, _is_due())
            .values(
                state=RUNNING, tries=Job.tries + 1, started_at=now(), ended_at=None, runner=runner
            )
            .returning(Job)
        )
        if job is not None:
            session.flush()
            session.refresh(job)
            session.expunge(job)
        return job


def _try_again(job: Job, why: str) -> None:
    if job.tries < MOST_TRIES:
        _end(job, WAITING, why)
    else:
        _end(job, FAILED, f"{why} ({MOST_TRIES} tries)")


def _end(job: Job, state: str, error: str = "") -> bool:
    """Note how it went, unless it was taken for lost and is somebody else's by now."""
    values: dict[str, object] = {"state": state, "error": error}
    if state == WAITING:
        values["due_at"] = now() + PAUSES[job.tries - 1]
    else:
        values["ended_at"] = now()
    mine = Job.id == job.id, Job.state == RUNNING, Job.tries == job.tries
    counts.add("job", _name(job), "again" if state == WAITING else state)
    with transaction() as session:
        done = session.scalar(update(Job).where(*mine).values(**values).returning(Job.id))
        return done is not None


def find_lost(is_dead: Callable[[str], bool]) -> list[int]:
    """Let those wait again whose process has gone, or which take too long; their ids.

    One that has ended its process again and again is given up.
    """
    running = db.session.scalars(select(Job).where(Job.state == RUNNING)).all()
    db.session.expunge_all()
    lost = [job for job in running if is_dead(job.runner) or _is_late(job)]
    return [job.id for job in lost if _let_go(job)]


def _is_late(job: Job) -> bool:
    kind = KINDS.get(job.kind)
    if kind is None or job.started_at is None:
        return True
    return not now() - kind.limit <= job.started_at <= now() + kind.limit


def _let_go(job: Job) -> bool:
    if job.tries >= MOST_TRIES:
        return _end(job, FAILED, f"It never came to its end ({MOST_TRIES} tries).")
    mine = Job.id == job.id, Job.state == RUNNING, Job.tries == job.tries
    with transaction() as session:
        let = update(Job).where(*mine).values(state=WAITING, due_at=now()).returning(Job.id)
        return session.scalar(let) is not None


def _is_due() -> ColumnElement[bool]:
    """One that should wait for longer than any pause failed while the clock was ahead."""
    return or_(Job.due_at <= now(), Job.due_at > now() + PAUSES[-1])


def due() -> list[int]:
    """The ids of jobs whose time has come, the longest waiting first."""
    waiting = select(Job.id).where(Job.state == WAITING, _is_due())
    return list(db.session.scalars(waiting.order_by(Job.due_at).limit(MOST_AT_ONCE)))
