"""What nobody can reach any more goes for good: expired uploads, the old bin, stray bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from io import BufferedReader
from itertools import islice
from typing import Any, cast
from uuid import UUID

from flask import current_app
from sqlalchemy import Select, select, update

import flask_resumable
from frontdesk import audit, jobs
from frontdesk.accounts import expiry
from frontdesk.audit import LogEntry
from frontdesk.db import db, now, reading, transaction
from frontdesk.files import blobs, removal, reservations, service, thumbnails
from frontdesk.files.models import Blob, Upload
from frontdesk.files.uploads import resumable

SANE = timedelta(days=2)  # from one purge to the next; longer, and the clock may be wrong
SETTLED = timedelta(hours=12)  # after a jump: whoever reads it so much later is a second witness
PURGED, WAITED = "purge", "purge.wait"


@dataclass(slots=True)
class Removed:
    """How many of each kind. ``waited`` if the clock jumped, so that nothing expired this time."""

    uploads: int = 0
    staged: int = 0
    files: int = 0
    blobs: int = 0
    strays: int = 0
    previews: int = 0
    jobs: int = 0
    logins: int = 0
    log: int = 0
    also: dict[str, int] = field(default_factory=dict)
    waited: bool = False

    @property
    def counts(self) -> dict[str, Any]:
        """By kind."""
        own = {name: count for name, count in asdict(self).items() if isinstance(count, int)}
        return {name: count for name, count in own.items() if name != "waited"} | self.also

    def __str__(self) -> str:
        return ", ".join(f"{count} {what}" for what, count in self.counts.items())


Also = Callable[[], int]
_also: dict[str, Also] = {}


def also(kind: str) -> Callable[[Also], Also]:
    """Register what a place above this one removes when it is due: it tells how many of a kind.

    So the clock is believed or not for all at once, and one command does it all.
    """

    def register(do: Also) -> Also:
        _also[kind] = do
        return do

    return register


@jobs.task("purge", minutes=360, daily=True)
def daily(date: str) -> None:
    """What each day brings."""
    purge()


def purge(*, force: bool = False) -> Removed:
    """Remove all that is due; doing it again at once removes nothing more.

    Nothing expires on one bad reading of the clock: if it went back, or two days on, a run that
    comes half a day later decides, or ``force``.
    """
    removed = Removed()
    with reading():
        last = audit.latest(PURGED, WAITED)
        removed.waited = not (force or _clock_is_sane(last))
        if not removed.waited:
            _expire(removed)
        removed.blobs += _remove_unused()
        _hash_the_rest()
        if not (removed.waited and _is_settling(last)):
            with transaction():
                audit.record(WAITED if removed.waited else PURGED, **removed.counts)
    if removed.waited:
        current_app.logger.warning("The clock jumped; nothing expires this time")
    return removed


def _clock_is_sane(last: LogEntry | None) -> bool:
    """Whether this moment follows the last purge, or the one that found it didn't."""
    if last is None:
        return True
    return last.at <= now() <= last.at + SANE and not _is_settling(last)


def _is_settling(last: LogEntry | None) -> bool:
    """Whether the clock jumped just now: this run bears no witness, and isn't noted as one."""
    is_jump = last is not None and last.what == WAITED
    return last is not None and is_jump and last.at <= now() < last.at + SETTLED


def _expire(removed: Removed) -> None:
    grace = blobs.GRACE.total_seconds()
    removed.uploads = resumable.purge() + _release_lost()
    removed.staged = service.storage().sweep(service.ABANDONED)
    from_bin = removal.remove_due()
    removed.files, removed.blobs = from_bin.files, len(from_bin.blobs)
    removed.strays = _remove_strays(service.storage().ids(grace))
    removed.previews = _remove_strays(thumbnails.ids(grace))
    removed.jobs = jobs.forget_ended()
    removed.logins = expiry.remove_ended()
    removed.log = audit.remove_old()
    removed.also = {kind: do() for kind, do in _also.items()}


def _release_lost() -> int:
    """Rows whose upload a crash kept from being made, or has taken along."""
    old = select(Upload.id).where(Upload.created_at < blobs.long_ago())
    lost = [id for id in db.session.scalars(old) if _is_lost(id)]
    for id in lost:
        reservations.release(id)
    return len(lost)


def _is_lost(upload_id: UUID) -> bool:
    with suppress(flask_resumable.Refused):
        resumable.uploads.find(upload_id)
        return False
    return True


def _remove_unused() -> int:
    """Blobs that no row points at: first the rows, then, when that is certain, the bytes.

    They are looked for without the lock that visitors need.
    """
    ids, removed = iter(db.session.scalars(blobs.unused()).all()), 0
    while some := list(islice(ids, blobs.AT_ONCE)):
        with transaction():
            dropped = blobs.drop(some)
        blobs.forget(dropped)
        removed += len(dropped)
    return removed


def _hash_the_rest() -> None:
    """What was put together from parts and was too large to be read again in the request."""
    for id in db.session.scalars(select(Blob.id).where(Blob.sha256 == "")).all():
        db.session.rollback()  # a large file takes a while, and visitors need the lock
        try:
            with service.storage().open(id) as blob:
                found = hashlib.file_digest(cast(BufferedReader, blob), "sha256").hexdigest()
        except FileNotFoundError:  # never removed silently: somebody may bring the bytes back
            current_app.logger.error("The bytes of blob %s are missing", id)
            continue
        with transaction() as session:
            session.execute(update(Blob).where(Blob.id == id).values(sha256=found))


def _remove_strays(ids: Iterator[UUID]) -> int:
    """Of all bytes those without a row; they are looked up without the lock that visitors need."""
    removed = 0
    while some := list(islice(ids, blobs.AT_ONCE)):
        db.session.rollback()
        known = {id for of in (Blob, Upload) for id in db.session.scalars(_there(of, some))}
        removed += sum(_remove_stray(id) for id in some if id not in known)
    return removed


def _there(kind: type[Blob] | type[Upload], ids: list[UUID]) -> Select[UUID]:
    return select(kind.id).where(kind.id.in_(ids))


def _remove_stray(id: UUID) -> bool:
    """Bytes without a row, unless an upload is about to write it."""
    with transaction() as session:
        if session.get(Blob, id) or session.get(Upload, id):
            return False
        return blobs.forget([id])
