"""Bytes without a row, and uploads without their bytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

import flask_resumable
from frontdesk.db import db
from frontdesk.files import blobs, service, thumbnails
from frontdesk.files.models import Blob, Upload
from frontdesk.files.scrub.invariants import Check, Finding
from frontdesk.files.uploads import resumable

AT_ONCE = 500


def strays() -> Iterator[Finding]:
    """Bytes that no row knows, a day old."""
    for id in _without_row(service.storage().ids(blobs.GRACE.total_seconds())):
        yield Finding("stray", str(id), f"Nothing knows the bytes {id}. Run flask purge.")


def small_pictures() -> Iterator[Finding]:
    """Thumbnails and previews of what has gone."""
    for id in _without_row(thumbnails.ids(blobs.GRACE.total_seconds())):
        yield Finding("stray.thumbnail", str(id), f"A thumbnail is left of {id}. Run flask purge.")


def _without_row(ids: Iterator[UUID]) -> Iterator[UUID]:
    while some := [id for _, id in zip(range(AT_ONCE), ids, strict=False)]:
        known: set[UUID] = set()
        for column in (Blob.id, Upload.id):
            known.update(db.session.scalars(select(column).where(column.in_(some))))
        yield from (id for id in some if id not in known)


def strange() -> Iterator[Finding]:
    """What lies between the blobs and is none."""
    for name in service.storage().strange():
        yield Finding("stray.strange", name, f"“{name}” lies in the storage, and is none of ours.")


def lost_uploads() -> Iterator[Finding]:
    """Rows that hold space for an upload which isn't there."""
    old = select(Upload.id, Upload.name).where(Upload.created_at < blobs.long_ago())
    for id, name in db.session.execute(old).all():
        try:
            resumable.uploads.find(id)
        except flask_resumable.Refused:
            says = f"The upload of “{name}” has gone and still holds space. Run flask purge."
            yield Finding("upload.lost", str(id), says)


def short_uploads() -> Iterator[Finding]:
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


CHECKS: tuple[Check, ...] = (strays, strange, small_pictures, lost_uploads)
