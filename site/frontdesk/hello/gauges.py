"""How much there is at this moment, for /metrics: of people, files, jobs and space."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Lock

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from frontdesk.accounts.models import Member
from frontdesk.accounts.people import HERE
from frontdesk.audit import LogEntry
from frontdesk.db import db
from frontdesk.db import now as this_moment
from frontdesk.files import figures
from frontdesk.files import service as files
from frontdesk.files.models import Blob, Upload
from frontdesk.hello import readiness
from frontdesk.jobs.models import DONE, WAITING, Job
from frontdesk.jobs.run import KINDS
from frontdesk.stored_settings.live import this_app
from frontdesk.watching.exposition import Gauge

SELDOM = 60.0  # seconds for which sums over whole tables hold
# Words of the log whose last time is worth an alert; the server scrubs by itself, a part at a time.
DEEDS = {"backup": "backup", "scrub": "scrub", "scrub.part": "scrub", "purge": "purge"}


@dataclass(slots=True)
class _Kept:
    """What takes longer to count, as it was last counted."""

    at: float = 0.0
    gauges: list[Gauge] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)


def now() -> list[Gauge]:
    """All of them; while the database doesn't answer, what it knows is missing."""
    found = [_free(), _floor(), _ready()]
    try:
        if readiness.of(this_app()).checks()["database"].fine:  # so that it is not waited for
            found += [*_at_once(), *_seldom()]
    except SQLAlchemyError:
        db.session.rollback()
    return found


def _ready() -> Gauge:
    gauge = Gauge("ready", "What /health says: 1 is well.", ("check",))
    for name, check in readiness.of(this_app()).checks().items():
        gauge.values[(name,)] = int(check.fine)
    return gauge


def _free() -> Gauge:
    return _disk("free_bytes", "Bytes that can still be stored.", lambda: files.storage().free())


def _floor() -> Gauge:
    says = "Below so many free bytes nothing is taken in."
    return _disk("kept_free_bytes", says, files.kept_free)


def _disk(name: str, says: str, measure: Callable[[], int]) -> Gauge:
    try:
        return Gauge(name, says, (), {(): measure()})
    except OSError:  # the storage is gone
        return Gauge(name, says)


def _at_once() -> Iterator[Gauge]:
    """What an index or a small table tells."""
    members = db.session.scalar(select(func.count()).select_from(Member).where(HERE))
    yield Gauge("members", "Accounts.", (), {(): members or 0})
    uploads = db.session.scalar(select(func.count()).select_from(Upload))
    yield Gauge("open_uploads", "Uploads that have begun and not ended.", (), {(): uploads or 0})
    yield Gauge("files", "Files that can be reached.", (), {(): figures.files_there()})
    yield _jobs()
    yield _oldest()
    yield _last()


def _jobs() -> Gauge:
    by = Job.kind, Job.state
    counted = select(*by, func.count()).where(Job.state != DONE).group_by(*by)
    gauge = Gauge("jobs", "Jobs that are not done, by kind and state.", ("kind", "state"))
    for kind, state, count in db.session.execute(counted):
        labels = kind if kind in KINDS else "unknown", state
        gauge.values[labels] = gauge.values.get(labels, 0) + count
    return gauge


def _oldest() -> Gauge:
    """Seconds for which a job waits that could be done."""
    due = select(func.min(Job.due_at)).where(Job.state == WAITING)
    since = db.session.scalar(due)
    age = max(0.0, (this_moment() - since).total_seconds()) if since else 0.0
    return Gauge("queue_age_seconds", "For how long the oldest job is due.", (), {(): age})


def _last() -> Gauge:
    """When each of the deeds that keep the site well was last done."""
    last = select(LogEntry.what, func.max(LogEntry.at)).where(LogEntry.what.in_(DEEDS))
    gauge = Gauge("last_seconds", "When it was last done (Unix time).", ("what",))
    for word, at in db.session.execute(last.group_by(LogEntry.what)):
        what = (DEEDS[word],)
        gauge.values[what] = max(gauge.values.get(what, 0.0), at.timestamp())
    return gauge


def _seldom() -> list[Gauge]:
    kept: _Kept = current_app.extensions.setdefault("gauges", _Kept())
    with kept.lock:
        if not kept.gauges or time.monotonic() - kept.at > SELDOM:
            kept.gauges, kept.at = list(_sums()), time.monotonic()
        return kept.gauges


def _sums() -> Iterator[Gauge]:
    counted = select(func.count(), func.sum(Blob.size), func.count(Blob.lost_at))
    blobs, size, lost = db.session.execute(counted.select_from(Blob)).one()
    yield Gauge("blobs", "Finished contents of files.", (), {(): blobs})
    yield Gauge("blobs_bytes", "Their bytes.", (), {(): int(size or 0)})
    yield Gauge("blobs_lost", "Those that scrub found gone or changed.", (), {(): lost})
    used, held = db.session.execute(select(func.sum(Member.used), func.sum(Member.reserved))).one()
    yield Gauge("used_bytes", "Bytes that count to members.", (), {(): int(used or 0)})
    yield Gauge("reserved_bytes", "Bytes that unfinished uploads hold.", (), {(): int(held or 0)})
