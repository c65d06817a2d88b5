"""What is done after the answer: thumbnails, the purge. A verb asks, and a runner does it.

A task is a function of one text, the subject, registered with :func:`task`. It may run twice, so
twice must be once. Asking is part of a verb: nothing runs that was not committed. Where the job
stands is a row in our database; the queue between the processes only carries its id.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Flask, current_app
from sqlalchemy import delete, select

from frontdesk.db import after_commit, db, insert, now, transaction
from frontdesk.jobs.models import DONE, FAILED, RUNNING, WAITING, Job
from frontdesk.jobs.run import GiveUp, task
from frontdesk.jobs.runner import Runner

__all__ = [
    "GiveUp",
    "Job",
    "ask",
    "find",
    "forget_ended",
    "init_app",
    "is_coming",
    "keep_up",
    "runner",
    "state",
    "task",
]
REMEMBERED = timedelta(days=7)
LATE = timedelta(minutes=10)


def ask(kind: str, subject: str, *, again: bool = False, due_at: datetime | None = None) -> None:
    """Have ``kind`` done for ``subject``, soon after the commit or from ``due_at`` on.

    What was asked for is not asked for twice. ``again`` is for what is over, done or failed.
    """
    due = due_at or now()
    fresh = {"state": WAITING, "tries": 0, "error": "", "due_at": due}
    statement = insert(Job).values(kind=kind, subject=subject, **fresh)
    there = [Job.kind, Job.subject]
    if again:
        statement = statement.on_conflict_do_update(
            index_elements=there, set_=fresh, where=Job.state.in_([DONE, FAILED])
        )
    else:
        statement = statement.on_conflict_do_nothing(index_elements=there)
    with transaction() as session:
        id = session.scalar(statement.returning(Job.id))
        if id is not None and due <= now():
            after_commit(lambda: runner().tell(id))


def find(kind: str, subject: str) -> Job | None:
    """The job, if it was ever asked for and is not forgotten."""
    return db.session.scalar(select(Job).where(Job.kind == kind, Job.subject == subject))


def state(kind: str, subject: str) -> str | None:
    """ "waiting", "running", "done" or "failed"; None if nobody asked, or it is long over."""
    job = find(kind, subject)
    return job.state if job else None


def is_coming(kind: str, subject: str) -> bool:
    """Whether it is worth waiting for."""
    return state(kind, subject) in {WAITING, RUNNING}


def keep_up() -> bool:
    """Whether somebody does the jobs: none is long overdue, or one of them is being done."""
    late = select(Job.id).where(Job.state == WAITING, Job.due_at < now() - LATE).limit(1)
    done_now = select(Job.id).where(Job.state == RUNNING).limit(1)
    return db.session.scalar(late) is None or db.session.scalar(done_now) is not None


def forget_ended() -> int:
    """Remove the rows of what ended a week ago, well or not; how many."""
    ended = delete(Job).where(Job.state.in_([DONE, FAILED]), Job.ended_at < now() - REMEMBERED)
    with transaction() as session:
        return int(session.connection().execute(ended).rowcount)


def runner() -> Runner:
    """This site's."""
    found: Runner = current_app.extensions["jobs"]
    return found


def init_app(app: Flask) -> None:
    """Run jobs where JOBS says: in the server's process, from its first request on, or elsewhere.

    In tests a job runs at once, when the verb that asked for it is written.
    """
    found = app.extensions["jobs"] = Runner(app)
    if app.config["JOBS"] == "embedded" and not app.testing:
        app.before_request(found.embed)
