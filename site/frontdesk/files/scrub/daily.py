"""The server's own scrub: each blob is read once in SCRUB_EVERY days, gently, a minute at a time.

A minute's work is a job; if more is due, it asks for the next. So nothing waits behind it for
long, and a restart loses nothing: each row says when its bytes were last right.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from flask import current_app
from sqlalchemy import and_, or_

from frontdesk import audit, jobs
from frontdesk.db import db, now, reading, transaction
from frontdesk.files.models import Blob
from frontdesk.files.scrub import check_books
from frontdesk.files.scrub.report import Report
from frontdesk.files.scrub.rereading import ROW, Pace, not_since, read

KIND, NOTED = "scrub", "scrub.part"
A_TURN = 60.0  # seconds
BETWEEN = timedelta(seconds=5)
MOST = 5_000  # blobs in one turn
MB = 1_000_000
LOWEST = 19


@jobs.task(KIND, minutes=60, daily=True)
def scrub_some(subject: str) -> None:
    """The subject is a date, and from the second on which turn of it: ``2026-11-28 2``."""
    if not current_app.config["SCRUB_EVERY"]:
        return
    date, _, turn = subject.partition(" ")
    report = Report()
    is_over = in_background(lambda: _take_turn(report, is_first=not turn))
    if not is_over:
        jobs.ask(KIND, f"{date} {int(turn or 1) + 1}", due_at=now() + BETWEEN)
    if report.blobs or report.findings:
        with transaction():
            found = report.counts.total()
            audit.record(NOTED, blobs=report.blobs, findings=found, books=report.books)


def in_background(do: Callable[[], bool]) -> bool:
    """Do it with the lowest priority: in a thread of its own, since none can be raised again."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    done, failed = list[bool](), list[Exception]()

    def work() -> None:
        with suppress(OSError):  # a container, or a filter of system calls, may refuse it
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST)
        try:
            with app.app_context(), reading():
                done.append(do())
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=work, name="scrub", daemon=True)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return done[0]


def _take_turn(report: Report, *, is_first: bool) -> bool:
    """Whether all that is due was read. The books are looked at, once a day, in the first one."""
    if is_first:
        check_books(report)
    rows, until = _due(is_first), time.monotonic() + A_TURN
    for finding in read(_before(until, rows), report, Pace(current_app.config["SCRUB_RATE"] * MB)):
        report.add(finding)
    return report.blobs == len(rows) < MOST


def _before(until: float, rows: Sequence[Any]) -> Iterator[Any]:
    for row in rows:
        if time.monotonic() > until:
            return
        yield row


def _due(is_first: bool) -> Sequence[Any]:
    """Those whose time has come, and those that came a day ago and were never read again.

    What is damaged already is looked at once a day.
    """
    long_ago = now() - timedelta(days=current_app.config["SCRUB_EVERY"])
    is_new = and_(Blob.verified_at.is_(None), Blob.created_at < now() - timedelta(days=1))
    is_due = Blob.verified_at.is_not(None) & not_since(long_ago)
    due = ROW.where(or_(is_new, is_due))
    if not is_first:
        due = due.where(Blob.lost_at.is_(None))
    with reading():
        return db.session.execute(due.order_by(Blob.verified_at, Blob.id).limit(MOST)).all()
