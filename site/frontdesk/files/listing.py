"""Lists of files: a folder's, a search's, the latest. Plain rows, page by key, never by offset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import UUID

from flask import abort
from sqlalchemy import CTE, bindparam, literal, select, tuple_

from frontdesk.db import db, rows
from frontdesk.files import names
from frontdesk.files.folders import path_of
from frontdesk.files.models import THERE, File, Folder

A_PAGE = 50
MOST_FOLDERS = 10_000
COLUMNS = (File.id, File.name, File.size, File.media_type, File.created_at)

RECENT = (  # built once: putting a statement together costs more than running it
    select(*COLUMNS, Folder.id.label("folder_id"), Folder.parent_id)
    .join(Folder, Folder.id == File.folder_id)
    .where(File.owner_id == bindparam("member_id"), *THERE)
    .order_by(File.created_at.desc())
    .limit(bindparam("most"))
)


class Row(NamedTuple):
    """A line of a list. ``size`` is in bytes; ``path`` is where the thing's page is."""

    id: UUID
    name: str
    size: int
    media_type: str
    created_at: datetime
    path: str

    @property
    def kind(self) -> str:
        """Which icon goes with it."""
        kind, _, detail = self.media_type.partition("/")
        return "archive" if detail in {"zip", "gzip", "x-tar", "x-7z-compressed"} else kind


class Place(NamedTuple):
    """A folder in a list; ``path`` is where its page is."""

    id: UUID
    name: str
    path: str


@dataclass(slots=True)
class Listing:
    """One page of a list, and the ids that lead to the pages beside it."""

    folders: Sequence[Place]
    files: list[Row]
    before: UUID | None = None
    after: UUID | None = None


@dataclass(slots=True, frozen=True)
class Cursor:
    """Where a page begins: after the file of that id, or before it; None is the first page."""

    after: UUID | None = None
    before: UUID | None = None


def address(*parts: str) -> str:
    """The address of what lies at that path, without url_for's cost in long lists."""
    return "/path/" + "/".join(quote(part, safe="") for part in parts)


def of_folder(folder: Folder | None, path: Sequence[str], cursor: Cursor) -> Listing:
    """What is in ``folder``: its folders on the first page, then files by name."""
    if folder is None:
        return Listing([], [])
    rows = select(*COLUMNS).where(File.folder_id == folder.id, File.deleted_at.is_(None))
    found, earlier, later = _page(rows, cursor, folder.owner_id)
    prefix = address(*path).rstrip("/") + "/"
    files = [_row(row, prefix + quote(row.name, safe="")) for row in found]
    folders = [] if earlier else _folders_in(folder, prefix)
    return Listing(folders, files, earlier, later)


def search(folder: Folder | None, path: Sequence[str], key: str, cursor: Cursor) -> Listing:
    """The files below ``folder`` whose name contains ``key``, regardless of case."""
    if folder is None:
        return Listing([], [])
    below = _below(folder, "/".join(["/path", *path]))
    rows = (
        select(*COLUMNS, below.c.path)
        .join(below, below.c.id == File.folder_id)
        .where(File.name_key.contains(names.key(key), autoescape=True), File.deleted_at.is_(None))
    )
    found, earlier, later = _page(rows, cursor, folder.owner_id)
    files = [_row(row, quote(f"{row.path}/{row.name}")) for row in found]
    return Listing([], files, earlier, later)


def recent(member_id: UUID, most: int) -> list[Row]:
    """A member's latest files, newest first."""
    lines = []
    found = rows(RECENT, member_id=member_id, most=most).all()
    for row in found:
        path = path_of(db.session.get(Folder, row.folder_id)) if row.parent_id else []
        lines.append(_row(row, address(*path, row.name)))
    return lines


def _row(found: Any, path: str) -> Row:
    return Row(found.id, found.name, found.size, found.media_type, found.created_at, path)


def _page(rows: Any, cursor: Cursor, owner_id: UUID) -> tuple[list[Any], UUID | None, UUID | None]:
    order = tuple_(File.name_key, File.id)
    if cursor.before:
        place = _place(cursor.before, owner_id)
        rows = rows.where(order < place).order_by(File.name_key.desc(), File.id.desc())
    else:
        rows = rows.order_by(File.name_key, File.id)
    if cursor.after:
        rows = rows.where(order > _place(cursor.after, owner_id))
    found = list(db.session.execute(rows.limit(A_PAGE + 1)))
    more, found = len(found) > A_PAGE, found[:A_PAGE]
    if cursor.before:
        found.reverse()
        return found, found[0].id if more else None, found[-1].id if found else None
    return found, found[0].id if cursor.after and found else None, found[-1].id if more else None


def _place(file_id: UUID, owner_id: UUID) -> Any:
    """Where a page begins; another member's file would tell what it is called.

    :raise 404: if the file has gone, or isn't theirs
    """
    mine = File.id == file_id, File.owner_id == owner_id
    row = db.session.execute(select(File.name_key, File.id).where(*mine)).first()
    if row is None:
        abort(404)
    return tuple_(literal(row.name_key), literal(row.id, File.id.type))


def _folders_in(folder: Folder, prefix: str) -> list[Place]:
    inside = select(Folder.id, Folder.name).where(
        Folder.parent_id == folder.id, Folder.deleted_at.is_(None)
    )
    found = db.session.execute(inside.order_by(Folder.name_key).limit(MOST_FOLDERS))
    return [Place(row.id, row.name, prefix + quote(row.name, safe="")) for row in found]


def _below(folder: Folder, prefix: str) -> CTE:
    """``folder`` and all folders below it, each with the path to it."""
    start = select(Folder.id, literal(prefix).label("path")).where(Folder.id == folder.id)
    tree = start.cte("tree", recursive=True)
    inner = select(Folder.id, (tree.c.path + "/" + Folder.name).label("path"))
    inner = inner.join(tree, Folder.parent_id == tree.c.id).where(Folder.deleted_at.is_(None))
    return tree.union_all(inner)
