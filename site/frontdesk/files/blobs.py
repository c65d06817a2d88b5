"""Blobs that nothing points at any more: their rows go, then, when that is certain, their bytes.

Files, their versions and the files of posts may share a blob, so whoever removes one of those
rows asks here, and never removes a blob itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Column, Select, delete, exists, select

from frontdesk.db import Base, db, now
from frontdesk.files import thumbnails
from frontdesk.files.models import Blob

AT_ONCE = 500
GRACE = timedelta(days=1)  # what is younger may still be in somebody's hands


def unused() -> Select[UUID]:
    """The ids of the blobs that no row points at."""
    ids = select(Blob.id)
    for column in pointing_at():
        ids = ids.where(~select(column).where(column == Blob.id).exists())
    return ids


def drop(ids: Iterable[UUID]) -> list[UUID]:
    """Remove the rows of those that are unused, and name them; a part of another verb.

    Once that one is committed, their bytes are to be forgotten.
    """
    each, dropped = list(set(ids)), list[UUID]()
    for start in range(0, len(each), AT_ONCE):
        some = each[start : start + AT_ONCE]
        gone = db.session.scalars(unused().where(Blob.id.in_(some))).all()
        db.session.execute(delete(Blob).where(Blob.id.in_(gone)))
        dropped.extend(gone)
    return dropped


def forget(ids: Sequence[UUID]) -> None:
    """Remove the bytes of blobs whose rows are gone, and what was made of them."""
    for id in ids:
        thumbnails.forget(id)


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
