"""Prove that all is well: every byte is read again, every invariant is looked at.

It runs beside the site, and never holds the lock for long. What could be a race is looked at
once more under the lock before it is told.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.exc import DatabaseError

import flask_resumable
from frontdesk import audit
from frontdesk.db import db, now, reading, transaction
from frontdesk.files import blobs, invariants, service, thumbnails
from frontdesk.files.invariants import Check, Finding
from frontdesk.files.models import Blob, Upload
from frontdesk.files.uploads import resumable

BLOCK = 1024 * 1024
AT_ONCE = 500
MOST_TOLD = 100  # findings of one kind; the others are counted


@dataclass(slots=True)
class Report:
    """What was looked at, and what was found: nothing, if all is well."""

    blobs: int = 0
    bytes: int = 0
    seconds: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        self.counts[finding.kind] += 1
        if self.counts[finding.kind] <= MOST_TOLD:
            self.findings.append(finding)


def scrub(bytes_a_second: float = 0.0) -> Report:
    """Look at everything, reading no faster than that; 0 is as fast as it goes."""
    began, report = time.monotonic(), Report()
    for check in (*invariants.CHECKS, _strays, _strange, _small_pictures, _lost_uploads):
        for finding in _certain(check):
            report.add(finding)
    for finding in _uploads():
        report.add(finding)
    for finding in _blobs(report, Pace(bytes_a_second)):
        report.add(finding)
    report.seconds = round(time.monotonic() - began, 3)
    with suppress(DatabaseError), transaction():  # a damaged one was found, and takes nothing
        audit.record("scrub", blobs=report.blobs, findings=report.counts.total())
    return report


def _certain(check: Check) -> list[Finding]:
    """What a check finds, and finds again while nobody writes."""
    try:
        with reading():
            found = list(check())
        if found:
            with transaction():
                found = list(check())
    except DatabaseError as error:
        says = f"The database can't be asked about {check.__name__.strip('_')}: {error.orig}."
        return [Finding("database.error", check.__name__.strip("_"), says)]
    return found


class Pace:
    """Waits, so that no more than so many bytes a second go by."""

    def __init__(self, bytes_a_second: float) -> None:
        self.rate, self.began, self.done = bytes_a_second, time.monotonic(), 0

    def keep(self, size: int) -> None:
        self.done += size
        if self.rate:
            time.sleep(max(0.0, self.began + self.done / self.rate - time.monotonic()))


# Rows and their bytes


def _blobs(report: Report, pace: Pace) -> Iterator[Finding]:
    for id, size, sha256, lost_at in _rows():
        finding = _look_at(id, size, sha256, pace)
        report.blobs, report.bytes = report.blobs + 1, report.bytes + size
        if (finding or lost_at) and not _mark(id, finding is not None):
            finding = None
        if finding:
            yield finding


def _rows() -> Iterator[Any]:
    """Each blob's, by key: what comes meanwhile is seen or isn't."""
    columns = select(Blob.id, Blob.size, Blob.sha256, Blob.lost_at).order_by(Blob.id)
    last = UUID(int=0)
    while True:
        with reading():
            some = db.session.execute(columns.where(Blob.id > last).limit(AT_ONCE)).all()
        if not some:
            return
        yield from some
        last = some[-1].id


def _look_at(id: UUID, size: int, sha256: str, pace: Pace) -> Finding | None:
    try:
        with service.storage().open(id) as blob:
            real, found = _read(blob, pace)
    except FileNotFoundError:
        return Finding("blob.missing", str(id), f"The bytes of blob {id} are missing.")
    except OSError as error:
        says = f"The bytes of blob {id} can't be read: {error.strerror}."
        return Finding("blob.unreadable", str(id), says)
    if real != size:
        return Finding("blob.changed", str(id), f"Blob {id} has {real} bytes, and had {size}.")
    if sha256 and found != sha256:
        says = f"Blob {id} isn't what was sent: its SHA-256 is another."
        return Finding("blob.changed", str(id), says)
    return None


def _read(blob: BinaryIO, pace: Pace) -> tuple[int, str]:
    """Its length and SHA-256; what was read doesn't push others' files out of memory."""
    sha256, buffer, size = hashlib.sha256(), bytearray(BLOCK), 0
    while count := blob.readinto(buffer):  # type: ignore[attr-defined]
        sha256.update(memoryview(buffer)[:count])
        os.posix_fadvise(blob.fileno(), size, count, os.POSIX_FADV_DONTNEED)
        size += count
        pace.keep(count)
    return size, sha256.hexdigest()


def _mark(id: UUID, is_lost: bool) -> bool:
    """Note in the row that its bytes are lost, or came back. False if it isn't so by now."""
    with transaction() as session:
        blob = session.get(Blob, id, populate_existing=True)
        if blob is None:
            return False  # removed while we read
        if is_lost != (blob.lost_at is not None):
            audit.record("blob.lost" if is_lost else "blob.found", blob=str(id))
            lost = update(Blob).where(Blob.id == id)
            session.execute(lost.values(lost_at=now() if is_lost else None))
        return is_lost


# Bytes and their rows


def _strays() -> Iterator[Finding]:
    for id in _without_row(service.storage().ids(blobs.GRACE.total_seconds())):
        yield Finding("stray", str(id), f"Nothing knows the bytes {id}. Run flask purge.")


def _small_pictures() -> Iterator[Finding]:
    for id in _without_row(thumbnails.ids(blobs.GRACE.total_seconds())):
        yield Finding("stray.thumbnail", str(id), f"A thumbnail is left of {id}. Run flask purge.")


def _without_row(ids: Iterator[UUID]) -> Iterator[UUID]:
    while some := [id for _, id in zip(range(AT_ONCE), ids, strict=False)]:
        known: set[UUID] = set()
        for column in (Blob.id, Upload.id):
            known.update(db.session.scalars(select(column).where(column.in_(some))))
        yield from (id for id in some if id not in known)


def _strange() -> Iterator[Finding]:
    for name in service.storage().strange():
        yield Finding("stray.strange", name, f"“{name}” lies in the storage, and is none of ours.")


# Uploads


def _lost_uploads() -> Iterator[Finding]:
    old = select(Upload.id, Upload.name).where(Upload.created_at < blobs.long_ago())
    for id, name in db.session.execute(old).all():
        try:
            resumable.uploads.find(id)
        except flask_resumable.Refused:
            says = f"The upload of “{name}” has gone and still holds space. Run flask purge."
            yield Finding("upload.lost", str(id), says)


def _uploads() -> Iterator[Finding]:
    """What was acknowledged of each unfinished upload is there."""
    for id in list(resumable.uploads.store.ids()):
        if _is_short(id) and _is_short(id):  # it may have ended between two looks
            says = f"Of the upload {id} fewer bytes are there than were acknowledged."
            yield Finding("upload.short", str(id), says)


def _is_short(id: UUID) -> bool:
    with suppress(flask_resumable.Refused):
        upload = resumable.uploads.find(id)
        if not upload.finished and not upload.expired:
            return _length(upload.path) < upload.offset
    return False


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def as_json(report: Report) -> dict[str, Any]:
    """What ``flask scrub --json`` prints; docs/upkeep.md tells what the fields mean."""
    return {
        "clean": not report.findings,
        "blobs": report.blobs,
        "bytes": report.bytes,
        "seconds": report.seconds,
        "counts": dict(report.counts),
        "findings": [
            {"kind": one.kind, "subject": one.subject, "says": one.says} for one in report.findings
        ],
    }


def told(tell: Callable[[str], None], report: Report) -> None:
    """The same in sentences."""
    for finding in report.findings:
        tell(finding.says)
    for kind, count in report.counts.items():
        if count > MOST_TOLD:
            tell(f"… and {count - MOST_TOLD} more of {kind}.")
    read = f"{report.blobs} blobs, {report.bytes} bytes, in {report.seconds:.1f} s"
    total = report.counts.total()
    tell(f"Read {read}: " + (f"{total} findings." if total else "all is well."))
    current_app.logger.info("scrub: %d findings", total)
