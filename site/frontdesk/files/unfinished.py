"""Uploads that a member began and can go on with, on any device."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from flask import abort
from flask_babel import gettext as _
from sqlalchemy import select

import flask_resumable
from frontdesk.db import db
from frontdesk.files.models import Upload
from frontdesk.files.reservations import release
from frontdesk.files.uploads import resumable
from frontdesk.forms import Refused


@dataclass(slots=True, frozen=True)
class Unfinished:
    """A line of the list: sizes in bytes, ``length`` None until the client tells it."""

    id: UUID
    name: str
    offset: int
    length: int | None
    until: datetime | None


def of(member_id: UUID) -> list[Unfinished]:
    """What a member began, on any device, and can go on with; the oldest first."""
    mine = select(Upload).where(Upload.owner_id == member_id).order_by(Upload.created_at)
    return [line for row in db.session.scalars(mine) if (line := _line(row))]


def _line(row: Upload) -> Unfinished | None:
    try:
        found = resumable.uploads.find(row.id)
    except flask_resumable.Refused:  # finished or removed at this moment
        return None
    if found.expired or found.finished:
        return None
    until = datetime.fromtimestamp(found.expires, UTC) if found.expires else None
    return Unfinished(row.id, row.name, found.offset, found.length, until)


def discard(member_id: UUID, upload_id: UUID) -> str:
    """Remove a member's unfinished upload; its name is left.

    :raise 404: if there is none, or it isn't theirs
    :raise Refused: if another device is sending it and does not let go
    """
    row = db.session.get(Upload, upload_id)
    if row is None or row.owner_id != member_id:
        abort(404)
    name = row.name
    try:
        resumable.uploads.remove(upload_id)
    except flask_resumable.Refused as no:
        if no.status != 404:
            said = _("Another device is sending “%(name)s”. Stop it there first.", name=name)
            raise Refused(said, status=409) from no
        release(upload_id)
    return name
