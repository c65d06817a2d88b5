"""What is known of the stored bytes: how many were read again and right, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from frontdesk.accounts.models import Member
from frontdesk.audit import LogEntry
from frontdesk.db import db
from frontdesk.files.models import Blob, File
from frontdesk.files.scrub import ENDED
from frontdesk.files.scrub.daily import NOTED

MOST_NAMED = 3


@dataclass(slots=True, frozen=True)
class Verified:
    """Of ``files`` stored contents ``right`` were read again and found so, ``damaged`` weren't.

    ``oldest`` is when the one was read whose turn was longest ago. ``named`` are some files that
    are damaged: owner and name. ``books`` counts what else the last look at them found wrong.
    """

    files: int
    right: int
    damaged: int
    oldest: datetime | None
    named: Sequence[Any]
    books: int

    @property
    def waiting(self) -> int:
        """Those that came and have not had their turn."""
        return self.files - self.right - self.damaged


def verified() -> Verified:
    """Three questions to the database, which take a moment even of a million blobs."""
    is_right = Blob.verified_at.is_not(None) & Blob.lost_at.is_(None)
    right = func.count().filter(is_right)
    damaged = func.count().filter(Blob.lost_at.is_not(None))
    oldest = func.min(Blob.verified_at).filter(is_right)
    row = db.session.execute(select(func.count(), right, damaged, oldest).select_from(Blob)).one()
    return Verified(row[0], row[1], row[2], row[3], _named() if row[2] else (), _books())


def _named() -> Sequence[Any]:
    lost = select(Member.username, File.name).join(File, File.owner_id == Member.id)
    lost = lost.join(Blob, Blob.id == File.blob_id).where(Blob.lost_at.is_not(None))
    return db.session.execute(lost.order_by(Blob.lost_at, File.id).limit(MOST_NAMED)).all()


def _books() -> int:
    looked = LogEntry.what.in_((ENDED, NOTED)), LogEntry.facts["books"].as_integer() >= 0
    last = select(LogEntry.facts).where(*looked).order_by(LogEntry.id.desc()).limit(1)
    facts = db.session.scalar(last) or {}
    return int(facts.get("books", 0))
