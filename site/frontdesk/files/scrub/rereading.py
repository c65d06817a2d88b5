"""Blobs and their bytes: each is read again, and the row says how that went."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, BinaryIO
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update

from frontdesk import audit
from frontdesk.db import db, now, reading, transaction
from frontdesk.files import service
from frontdesk.files.models import Blob
from frontdesk.files.scrub.invariants import Finding
from frontdesk.files.scrub.report import Report

BLOCK = 1024 * 1024
AT_ONCE = 500
A_WHILE = 30  # seconds; after that what was found right is noted, however few they are
ROW = select(Blob.id, Blob.size, Blob.sha256, Blob.lost_at)


class Pace:
    """Waits, so that no more than so many bytes a second go by."""

    def __init__(self, bytes_a_second: float) -> None:
        self.rate, self.began, self.done = bytes_a_second, time.monotonic(), 0

    def keep(self, size: int) -> None:
        self.done += size
        if self.rate:
            time.sleep(max(0.0, self.began + self.done / self.rate - time.monotonic()))


def read_all(report: Report, pace: Pace, since: datetime) -> Iterator[Finding]:
    """All that were not found right since then: so an interrupted scrub goes on where it was."""
    yield from read(_rows(not_since(since)), report, pace)


def read(rows: Iterable[Any], report: Report, pace: Pace) -> Iterator[Finding]:
    """Read these, and tell which are damaged."""
    right = Right()
    try:
        for id, size, sha256, lost_at in rows:
            finding = look_at(id, size, sha256, pace)
            report.blobs, report.bytes = report.blobs + 1, report.bytes + size
            if finding is None:
                right.add(id)
            if (finding or lost_at) and mark(id, finding is not None) and finding:
                yield finding
    finally:
        right.note()


class Right:
    """Those found right; their rows say so, some hundreds at a time."""

    def __init__(self) -> None:
        self.ids, self.began = list[UUID](), time.monotonic()

    def add(self, id: UUID) -> None:
        self.ids.append(id)
        if len(self.ids) >= AT_ONCE or time.monotonic() > self.began + A_WHILE:
            self.note()

    def note(self) -> None:
        if self.ids:
            done = update(Blob).where(Blob.id.in_(self.ids)).values(verified_at=now())
            with transaction() as session:
                session.execute(done.execution_options(synchronize_session=False))
        self.ids, self.began = [], time.monotonic()


def not_since(moment: datetime) -> ColumnElement[bool]:
    """The condition that a blob was not found right since then.

    What lies ahead of us is of a clock that had jumped, and says nothing.
    """
    return or_(Blob.verified_at.is_(None), Blob.verified_at < moment, Blob.verified_at > now())


def count_since(moment: datetime) -> int:
    """How many were."""
    count = select(func.count()).select_from(Blob).where(~not_since(moment))
    with reading():
        return int(db.session.scalar(count) or 0)


def _rows(which: ColumnElement[bool]) -> Iterator[Any]:
    """Each blob's, by key: what comes meanwhile is seen or isn't."""
    columns, last = ROW.where(which).order_by(Blob.id), UUID(int=0)
    while True:
        with reading():
            some = db.session.execute(columns.where(Blob.id > last).limit(AT_ONCE)).all()
        if not some:
            return
        yield from some
        last = some[-1].id


def look_at(id: UUID, size: int, sha256: str, pace: Pace) -> Finding | None:
    """Read one blob; what is wrong with it."""
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


def mark(id: UUID, is_lost: bool) -> bool:
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
