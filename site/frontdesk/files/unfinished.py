"""Uploads that a member began and can go on with, on any device."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
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

SAMPLES, SAMPLE = 16, 8_192  # places and bytes that prove a file the one that was begun
SAME_TIME = 2_000  # milliseconds; a memory stick keeps times no finer


@dataclass(slots=True, frozen=True)
class Part:
    """One upload: ``length`` bytes of a file from ``start`` on, of which ``offset`` are here."""

    id: UUID
    start: int
    offset: int
    length: int | None


@dataclass(slots=True)
class Unfinished:
    """A line of the list: a file whose bytes come by one upload, or by parallel parts of it.

    Sizes are bytes; ``length`` is None until the client tells it.
    """

    id: UUID
    name: str
    folder: str
    length: int | None
    until: datetime | None
    whole: str = ""
    parts: list[Part] = field(default_factory=list)

    @property
    def offset(self) -> int:
        return sum(part.offset for part in self.parts)

    def described(self) -> dict[str, Any]:
        """What a browser needs to go on with it, but for the keys."""
        parts = [asdict(part) | {"id": str(part.id)} for part in self.parts]
        return {"id": str(self.id), "folder": self.folder, "whole": self.whole, "parts": parts}


def of(member_id: UUID) -> list[Unfinished]:
    """What a member began, on any device, and can go on with; the oldest first."""
    mine = select(Upload).where(Upload.owner_id == member_id).order_by(Upload.created_at)
    lines: dict[str, Unfinished] = {}
    for row in db.session.scalars(mine):
        if found := _open(row.id):
            key = _whole(found) or str(row.id)
            lines.setdefault(key, _line(row, found)).parts.append(_part(found))
    return list(lines.values())


def discard(member_id: UUID, upload_id: UUID) -> str:
    """Remove a member's unfinished upload, with all parts of its file; its name is left.

    :raise 404: if there is none, or it isn't theirs
    :raise Refused: if another device is sending it and does not let go
    """
    name = _row(member_id, upload_id).name
    for one in _siblings(member_id, upload_id):
        _remove(one, name)
    return name


def discard_all(member_id: UUID) -> None:
    """Remove all that a member began: they leave. What a device holds goes when that lets go."""
    mine = select(Upload.id, Upload.name).where(Upload.owner_id == member_id)
    for id, name in db.session.execute(mine).all():
        with suppress(Refused):
            _remove(id, name)


@dataclass(slots=True, frozen=True)
class Proof:
    """That a device has the file that was begun: when it was changed last, in milliseconds, and
    what :func:`samples` reads of the first ``offset`` bytes, which must be all that are here.

    A file of the same name and size alone could be another one, and be spliced.
    """

    offset: int
    samples: bytes
    modified: int = 0


def go_on(member_id: UUID, upload_id: UUID, proof: Proof) -> flask_resumable.Upload:
    """A member's unfinished upload, for a device that has the same file.

    :raise 404: if there is no such upload, or it isn't theirs
    :raise Refused: 409 if it stands elsewhere by now; 422 for another file
    """
    found = _open(_row(member_id, upload_id).id)
    if found is None:
        abort(404)
    if found.offset != proof.offset:
        raise Refused(_("Another device is sending this file. Try again."), status=409)
    if not _is_proved(found, proof):
        said = _("This is another file than the one that was begun, or it was changed since.")
        raise Refused(said, status=422)
    return found


def _is_proved(found: flask_resumable.Upload, proof: Proof) -> bool:
    began = _number(found.metadata.get("modified"))
    if began and proof.modified and abs(began - proof.modified) > SAME_TIME:
        return False
    try:
        return samples(found.path, proof.offset) == proof.samples
    except FileNotFoundError:  # finished at this moment
        abort(404)


def samples(path: Path, size: int) -> bytes:
    """Of a file's first ``size`` bytes 16 blocks of 8 KiB: the first, the last, and between."""
    if not size:
        return b""
    block = min(SAMPLE, size)
    with path.open("rb") as file:
        return b"".join(_read(file, (size - block) * n // (SAMPLES - 1), block)
                        for n in range(SAMPLES))  # fmt: skip


def _read(file: IO[bytes], start: int, count: int) -> bytes:
    file.seek(start)
    return file.read(count)


def _open(upload_id: UUID) -> flask_resumable.Upload | None:
    """What flask_resumable knows of it; None if it was finished or removed at this moment."""
    try:
        found = resumable.uploads.find(upload_id)
    except flask_resumable.Refused:
        return None
    return None if found.expired or found.finished or found.joined else found


def _whole(found: flask_resumable.Upload) -> str:
    """What the parts of one file have in common."""
    return found.metadata.get("whole", "") if found.partial else ""


def _line(row: Upload, found: flask_resumable.Upload) -> Unfinished:
    until = datetime.fromtimestamp(found.expires, UTC) if found.expires else None
    size = _number(found.metadata.get("size")) if _whole(found) else found.length
    return Unfinished(row.id, row.name, row.folder, size, until, _whole(found))


def _part(found: flask_resumable.Upload) -> Part:
    start = _number(found.metadata.get("start")) if found.partial else 0
    return Part(found.id, start, found.offset, found.length)


def _number(said: str | None) -> int:
    return int(said) if said and said.isascii() and said.isdigit() and len(said) < 17 else 0


def _row(member_id: UUID, upload_id: UUID) -> Upload:
    row = db.session.get(Upload, upload_id)
    if row is None or row.owner_id != member_id:
        abort(404)
    return row


def _siblings(member_id: UUID, upload_id: UUID) -> Iterable[UUID]:
    found = _open(upload_id)
    for line in of(member_id) if found and _whole(found) else ():
        if upload_id in (ids := [part.id for part in line.parts]):
            return ids
    return [upload_id]


def _remove(upload_id: UUID, name: str) -> None:
    try:
        resumable.uploads.remove(upload_id)
    except flask_resumable.Refused as no:
        if no.status != 404:
            said = _("Another device is sending “%(name)s”. Stop it there first.", name=name)
            raise Refused(said, status=409) from no
        release(upload_id)
