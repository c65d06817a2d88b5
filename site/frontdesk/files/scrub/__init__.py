"""Prove that all is well: every byte is read again, every invariant is looked at.

It runs beside the site, and never holds the lock for long. What could be a race is looked at
once more under the lock before it is told. One that was interrupted goes on where it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from frontdesk import audit
from frontdesk.audit import LogEntry
from frontdesk.db import db, now, reading, transaction
from frontdesk.files.models import Blob
from frontdesk.files.scrub import invariants, strays
from frontdesk.files.scrub.invariants import Check, Finding
from frontdesk.files.scrub.report import Report, as_json, told
from frontdesk.files.scrub.rereading import Pace, count_since, look_at, mark, read_all

__all__ = ["Repair", "Report", "as_json", "check_books", "scrub", "told"]
BEGAN, ENDED = "scrub.begin", "scrub"
STALE = timedelta(days=30)  # one that was interrupted so long ago begins anew
# Puts back the bytes of blobs, given as id: (size, SHA-256), and names those that it could.
Repair = Callable[[Mapping[UUID, tuple[int, str]]], Iterable[UUID]]


def scrub(bytes_a_second: float = 0.0, repair: Repair | None = None) -> Report:
    """Look at everything, reading no faster than that; 0 is as fast as it goes."""
    began, report = time.monotonic(), Report()
    check_books(report)
    with suppress(DatabaseError):  # a damaged one was found, and takes nothing
        since = _begin()
        report.before = count_since(since)
        damaged = list(read_all(report, Pace(bytes_a_second), since))
        for finding in _without_repaired(damaged, repair, report):
            report.add(finding)
        report.seconds = round(time.monotonic() - began, 3)
        _end(report)
    return report


def check_books(report: Report) -> None:
    """Look at every invariant, and for what lies in the storage and isn't a blob."""
    for check in (*invariants.CHECKS, *strays.CHECKS):
        for finding in _certain(check):
            report.add(finding)
    for finding in strays.short_uploads():
        report.add(finding)
    report.books = report.counts.total()


def _certain(check: Check) -> list[Finding]:
    """What a check finds, and finds again while nobody writes."""
    try:
        with reading():
            found = list(check())
        if found:
            with transaction():
                found = list(check())
    except DatabaseError as error:
        says = f"The database can't be asked about {check.__name__}: {error.orig}."
        return [Finding("database.error", check.__name__, says)]
    return found


def _begin() -> datetime:
    """When it began: now, or when the one did that never came to its end."""
    last = select(LogEntry).where(LogEntry.what.in_((BEGAN, ENDED))).order_by(LogEntry.id.desc())
    with transaction() as session:
        entry = session.scalar(last.limit(1))
        if entry is not None and entry.what == BEGAN and now() - STALE < entry.at <= now():
            return entry.at
        moment = now()
        audit.record(BEGAN)
    return moment


def _end(report: Report) -> None:
    with transaction():
        count, found = report.blobs + report.before, report.counts.total()
        audit.record(ENDED, blobs=count, findings=found, books=report.books)


def _without_repaired(
    damaged: list[Finding], repair: Repair | None, report: Report
) -> Iterable[Finding]:
    """Have them put right where that was asked for; what is still damaged then."""
    if repair is None or not damaged:
        return damaged
    ids = [UUID(finding.subject) for finding in damaged]
    with reading():
        wanted = dict[UUID, tuple[int, str]]()
        for id in ids:
            if row := _row(id):
                wanted[id] = (row.size, row.sha256)
    right = {id for id in repair(wanted) if look_at(id, *wanted[id], Pace(0)) is None}
    for id in right:
        mark(id, False)
    report.repaired = len(right)
    return [finding for finding in damaged if UUID(finding.subject) not in right]


def _row(id: UUID) -> Any:
    return db.session.execute(select(Blob.size, Blob.sha256).where(Blob.id == id)).first()
