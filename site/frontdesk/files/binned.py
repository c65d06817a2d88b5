"""What is in the bin: files and folders that went there by themselves, the latest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, select, tuple_

from frontdesk.db import db
from frontdesk.files.models import File, Folder

A_PAGE = 50
Kind = type[File] | type[Folder]


@dataclass(slots=True, frozen=True)
class Entry:
    """Something in the bin; ``size`` in bytes; ``files`` is how many went there with a folder."""

    id: UUID
    name: str
    deleted_at: datetime
    size: int = 0
    files: int | None = None


@dataclass(slots=True, frozen=True)
class Contents:
    """One page of the bin, and the id that leads to the next."""

    entries: Sequence[Entry]
    after: UUID | None


def contents(member_id: UUID, after: UUID | None = None) -> Contents:
    """What a member has deleted; ``after`` is the last of the page before, if that is there yet."""
    last = _last(member_id, after) if after else []
    found = sorted(
        chain(_files(member_id, *last[:1]), _folders(member_id, *last[1:])),
        key=lambda entry: (entry.deleted_at, entry.id),
        reverse=True,
    )
    more = found[A_PAGE - 1].id if len(found) > A_PAGE else None
    return Contents(_with_sums(found[:A_PAGE]), more)


def amount(member_id: UUID) -> tuple[int, int]:
    """How many files are in a member's bin, those of deleted folders too, and their bytes."""
    alone = select(func.count(), func.sum(File.size)).where(*of(File, member_id))
    within = select(func.sum(Folder.files_in), func.sum(Folder.bytes_in)).where(
        Folder.owner_id == member_id, Folder.deleted_at.is_not(None)
    )
    sums = [db.session.execute(query).one() for query in (alone, within)]
    return sum(row[0] or 0 for row in sums), sum(row[1] or 0 for row in sums)


def of(kind: Kind, member_id: UUID) -> list[ColumnElement[bool]]:
    """The condition that something of that kind is a member's, and an entry of their bin."""
    mine = [kind.owner_id == member_id, kind.deleted_at.is_not(None)]
    by_itself = File.folder_id.is_not(None) if kind is File else Folder.deleted_with == Folder.id
    return [*mine, by_itself]


def _files(member_id: UUID, *where: ColumnElement[bool]) -> list[Entry]:
    return _latest(File, File.size, literal(None), *of(File, member_id), *where)


def _folders(member_id: UUID, *where: ColumnElement[bool]) -> list[Entry]:
    return _latest(Folder, literal(0), literal(0), *of(Folder, member_id), *where)


def _latest(kind: Kind, size: Any, files: Any, *where: ColumnElement[bool]) -> list[Entry]:
    found: Any = select(kind.id, kind.name, kind.deleted_at, size, files).where(*where)
    found = found.order_by(kind.deleted_at.desc(), kind.id.desc()).limit(A_PAGE + 1)
    return [Entry(*row) for row in db.session.execute(found)]


def _last(member_id: UUID, after: UUID) -> list[ColumnElement[bool]]:
    """What comes after that entry, of files and of folders."""
    for kind in (File, Folder):
        one = select(kind.deleted_at, kind.id).where(kind.id == after, *of(kind, member_id))
        if place := db.session.execute(one).first():
            return [_before(kind, place) for kind in (File, Folder)]
    return []


def _before(kind: Kind, place: Any) -> ColumnElement[bool]:
    moment = literal(place.deleted_at, kind.deleted_at.type)
    return tuple_(kind.deleted_at, kind.id) < tuple_(moment, literal(place.id, kind.id.type))


def _with_sums(entries: Sequence[Entry]) -> Sequence[Entry]:
    """The same, folders with how much went with them."""
    ids = [entry.id for entry in entries if entry.files is not None]
    sums = select(Folder.deleted_with, func.sum(Folder.files_in), func.sum(Folder.bytes_in))
    sums = sums.where(Folder.deleted_with.in_(ids)).group_by(Folder.deleted_with)
    found = {row[0]: (row[1], row[2]) for row in db.session.execute(sums)}
    return [
        replace(entry, files=found[entry.id][0], size=found[entry.id][1])
        if entry.id in found
        else entry
        for entry in entries
    ]
