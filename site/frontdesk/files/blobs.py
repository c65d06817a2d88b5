"""Blobs that nothing points at any more: their rows go, then, when that is certain, their bytes.

Files, their versions and the files of posts may share a blob, so whoever removes one of those
rows asks here, and never removes a blob itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Column, Select, delete, exists, func, select, update

from frontdesk.db import Base, db, now
from frontdesk.files import pausing, service, thumbnails
from frontdesk.files.models import Blob, File, Version

AT_ONCE = 500
GRACE = timedelta(days=1)  # what is younger may still be in somebody's hands
_OF_FILES = File.blob_id, Version.blob_id


def unused() -> Select[UUID]:
    """The ids of the blobs that no row points at."""
    ids = select(Blob.id)
    for column in pointing_at():
        ids = ids.where(~select(column).where(column == Blob.id).exists())
    return ids


def drop(ids: Iterable[UUID]) -> list[UUID]:
    """Remove the rows of those that are unused, and name them; a part of another verb.

    Once that one is committed, their bytes are to be forgotten. What was kept for a post counts
    to nobody any more.
    """
    dropped = list[UUID]()
    for some in _some(ids):
        gone = db.session.scalars(unused().where(Blob.id.in_(some))).all()
        held = select(Blob.kept_for, func.sum(Blob.size)).where(Blob.id.in_(gone))
        for member_id, size in db.session.execute(held.group_by(Blob.kept_for)).all():
            if member_id is not None:
                service.give_back(member_id, size)
        db.session.execute(delete(Blob).where(Blob.id.in_(gone)))
        dropped.extend(gone)
    return dropped


def keep_for(member_id: UUID, ids: Iterable[UUID]) -> int:
    """Let those that no file and no version holds any more, but a post, go on counting to a member.

    A part of another verb: how many bytes they have. Without this, who posts and deletes again
    and again could fill the disk.
    """
    kept = 0
    for some in _some(ids):
        alone = Blob.id.in_(some), *(~exists().where(c == Blob.id) for c in _OF_FILES)
        counted = update(Blob).where(*alone).values(kept_for=member_id).returning(Blob.size)
        kept += sum(db.session.scalars(counted.execution_options(synchronize_session=False)))
    return kept


def let_go(member_id: UUID) -> None:
    """What was kept for a member counts to nobody any more: they leave. A part of another verb."""
    kept = update(Blob).where(Blob.kept_for == member_id).values(kept_for=None)
    db.session.execute(kept.execution_options(synchronize_session=False))


def _some(ids: Iterable[UUID]) -> Iterator[list[UUID]]:
    each = list(set(ids))
    for start in range(0, len(each), AT_ONCE):
        yield each[start : start + AT_ONCE]


def forget(ids: Sequence[UUID]) -> bool:
    """Remove the bytes of blobs whose rows are gone, and what was made of them.

    False while a backup reads: the purge removes them when they are a day old.
    """
    if not ids:
        return True
    with pausing.removing() as may:
        for id in ids if may else ():
            service.storage().delete(id)
            thumbnails.forget(id)
    return may


def held_by_post(id: UUID) -> bool:
    """Whether it would stay though no file and no version points at it: that space counts too."""
    others = [c for c in pointing_at() if c.table.name not in {"files", "versions"}]
    return any(db.session.scalar(select(exists().where(column == id))) for column in others)


def long_ago() -> datetime:
    """What is older is in nobody's hands."""
    return now() - GRACE


def pointing_at() -> Iterator[Column[UUID]]:
    """Of all places, those above this one too."""
    target = Base.metadata.tables["blobs"].c.id
    for table in Base.metadata.sorted_tables:
        yield from (column for column in table.c if column.references(target))
