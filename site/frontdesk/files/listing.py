"""Lists of files: a folder's, a search's, the latest. Plain rows, page by key, never by offset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import Select, Subquery, bindparam, func, select

from frontdesk.db import rows
from frontdesk.files import search as names_index
from frontdesk.files.models import THERE, File, Folder
from frontdesk.files.paging import A_PAGE, Part, Show, View, a_page
from frontdesk.files.search import MOST, Candidates

__all__ = ["A_PAGE", "MOST", "FolderRow", "Listing", "Row", "View", "address", "of_folder"]

COLUMNS = (File.id, File.name, File.name_key, File.size, File.media_type, File.created_at)
FOLDER_COLUMNS = (
    *(Folder.id, Folder.name, Folder.name_key, Folder.path, Folder.created_at),
    *(Folder.files_in, Folder.folders_in, Folder.bytes_in),
)

# Statements are built once: putting one together costs more than running it.
RECENT = (
    select(*COLUMNS, Folder.path)
    .join(Folder, Folder.id == File.folder_id)
    .where(File.owner_id == bindparam("member_id"), *THERE)
    .order_by(File.created_at.desc())
    .limit(bindparam("most"))
)
FILES_IN = select(*COLUMNS).where(
    File.folder_id == bindparam("folder_id"), File.deleted_at.is_(None)
)
FOLDERS_IN = select(*FOLDER_COLUMNS).where(
    Folder.parent_id == bindparam("folder_id"), Folder.deleted_at.is_(None)
)
FILE_KEYS: dict[str, Any] = {"name": File.name_key, "size": File.size, "date": File.created_at}
# Folders have no size that could be compared with a file's, so they keep to their names.
FOLDER_KEYS: dict[str, Any] = {"name": Folder.name_key, "date": Folder.created_at}


class Row(NamedTuple):
    """A file in a list. ``size`` is in bytes; ``path`` is where the thing's page is.

    ``folder`` is the path of the folder that it lies in, where that isn't the list's own.
    """

    id: UUID
    name: str
    size: int
    media_type: str
    created_at: datetime
    path: str
    folder: str = ""

    @property
    def kind(self) -> str:
        """Which icon goes with it."""
        kind, _, detail = self.media_type.partition("/")
        return "archive" if detail in {"zip", "gzip", "x-tar", "x-7z-compressed"} else kind


class FolderRow(NamedTuple):
    """A folder in a list, and how much lies directly in it."""

    id: UUID
    name: str
    path: str
    created_at: datetime
    files_in: int
    folders_in: int
    bytes_in: int
    folder: str = ""


@dataclass(slots=True)
class Listing:
    """One page of a list: folders, then files, and the places that lead to the pages beside it.

    ``is_cut`` says that a search found more than it shows.
    """

    folders: Sequence[FolderRow] = ()
    files: Sequence[Row] = ()
    before: str | None = None
    after: str | None = None
    view: View = field(default_factory=View)
    is_cut: bool = False


def address(*parts: str) -> str:
    """The address of what lies at that path, without url_for's cost in long lists."""
    return "/path/" + "/".join(quote(part, safe="") for part in parts)


def of_folder(folder: Folder | None, view: View) -> Listing:
    """What is in ``folder``: its folders, then its files, each sorted as asked."""
    if folder is None:
        return Listing(view=view)
    facts = {"folder_id": folder.id}
    key = FOLDER_KEYS.get(view.sort, Folder.name_key)
    falls = view.is_falling and view.sort in FOLDER_KEYS
    parts = (
        Part("d", FOLDERS_IN, key, Folder.id, falls, facts),
        Part("f", FILES_IN, FILE_KEYS[view.sort], File.id, view.is_falling, facts),
    )
    found, prefix = a_page(parts, view), _address(folder.path).rstrip("/") + "/"
    files = [_row(row, prefix + quote(row.name, safe="")) for row in found.lines["f"]]
    folders = [_folder_row(row) for row in found.lines["d"]]
    return Listing(folders, files, found.before, found.after, view)


def search(folder: Folder | None, key: str, view: View) -> Listing:
    """The folders and files below ``folder`` whose names hold all words of ``key``.

    Regardless of case. Of many, ``MOST`` of each; then the listing says that it is cut.
    """
    words = names_index.words(key)
    if folder is None or not words:
        return Listing(view=view)
    below, index = names_index.Below(folder.owner_id, folder.path_key), names_index.index()
    by = view.sort if view.sort in FOLDER_KEYS else "name"
    falls = view.is_falling and by == view.sort
    parts = (
        _found_part("d", index.folders(below, words), by, falls, _show_folders),
        _found_part("f", index.files(below, words), view.sort, view.is_falling, _show_files),
    )
    found = a_page(parts, view)
    files = [_row(row, _address(row.path, row.name), row.path) for row in found.lines["f"]]
    folders = [_folder_row(row, row.path.rpartition("/")[0]) for row in found.lines["d"]]
    is_cut = any(row.total > MOST for lines in found.lines.values() for row in lines)
    return Listing(folders, files, found.before, found.after, view, is_cut)


def recent(member_id: UUID, most: int) -> list[Row]:
    """A member's latest files, newest first."""
    found = rows(RECENT, member_id=member_id, most=most)
    return [_row(row, _address(row.path, row.name)) for row in found]


def _found_part(name: str, found: Candidates, by: str, falls: bool, show: Show) -> Part:
    counted = _counted(found.statement)
    key = counted.c[FILE_KEYS[by].key]
    return Part(name, _all_of(counted), key, counted.c.id, falls, found.facts, show)


@lru_cache(256)
def _counted(found: Select[Any]) -> Subquery:
    """The candidates, each with how many they are."""
    all_of_them = found.subquery()
    return select(*all_of_them.c, func.count().over().label("total")).subquery()


@lru_cache(256)
def _all_of(counted: Subquery) -> Select[Any]:
    return select(counted)


def _show_files(few: Subquery) -> Select[Any]:
    shown = select(*COLUMNS, Folder.path, few.c.total).join(few, few.c.id == File.id)
    return shown.join(Folder, Folder.id == File.folder_id)


def _show_folders(few: Subquery) -> Select[Any]:
    return select(*FOLDER_COLUMNS, few.c.total).join(few, few.c.id == Folder.id)


def _address(*path: str) -> str:
    """Of a path as folders keep it."""
    return "/path/" + quote("/".join(part for part in path if part))


def _row(found: Any, path: str, folder: str = "") -> Row:
    return Row(found.id, found.name, found.size, found.media_type, found.created_at, path, folder)


def _folder_row(found: Any, folder: str = "") -> FolderRow:
    counts = found.files_in, found.folders_in, found.bytes_in
    return FolderRow(found.id, found.name, _address(found.path), found.created_at, *counts, folder)
