"""What goes into a zip, under names that every system can unpack."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import select

from frontdesk.db import db
from frontdesk.files import folders, names
from frontdesk.files.models import File, Folder
from frontdesk.files.selection import Selection
from frontdesk.forms import Refused

MOST = 20_000
# What Windows knows no file by: its Explorer leaves such entries out without a word.
UNKNOWN = re.compile(r'[<>:"|?*\\]|(?<=[. ])\Z')
DEVICE = re.compile(r"\A(con|prn|aux|nul|com\d|lpt\d)(?=\.|\Z)", re.IGNORECASE)


@dataclass(slots=True, frozen=True)
class Entry:
    """A file with the bytes of a blob, or with ``text``; a folder's ``name`` ends with a slash."""

    name: str
    modified: datetime
    blob_id: UUID | None = None
    size: int = 0
    text: bytes = b""


@dataclass(slots=True)
class Parcel:
    """Entries in their order; no two have names that differ by case only."""

    entries: list[Entry] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    most: int = field(default_factory=lambda: MOST)

    def add_folder(self, inside: str, name: str, modified: datetime) -> str:
        """Add a folder to the folder ``inside``; its path in the zip, with a slash at its end."""
        free = self._free(inside, name) + "/"
        self._add(Entry(free, modified))
        return free

    def add_file(
        self, inside: str, name: str, modified: datetime, blob_id: UUID, size: int
    ) -> None:
        """Add a file of ``size`` bytes to the folder ``inside``, which ends with a slash."""
        self._add(Entry(self._free(inside, name), modified, blob_id, size))

    def add_text(self, name: str, modified: datetime, text: bytes) -> None:
        """Add a file that lies nowhere else, outermost."""
        self._add(Entry(self._free("", name), modified, None, len(text), text))

    def _add(self, entry: Entry) -> None:
        """:raise Refused: if that is too much for one zip"""
        if len(self.entries) >= self.most:
            said = _("A zip holds at most %(most)s files and folders. Download them in parts.",
                     most=self.most)  # fmt: skip
            raise Refused(said, status=413)
        self.entries.append(entry)

    def _free(self, inside: str, name: str) -> str:
        name = safe(name)
        free, number = name, 1
        while names.key(inside + free) in self.taken:
            number += 1
            free = names.numbered(name, number)
        self.taken.add(names.key(inside + free))
        return inside + free


def safe(name: str) -> str:
    """``name``, as Windows can write it, too; ours have no slash and are no ``..`` anyway."""
    return DEVICE.sub(r"\1_", UNKNOWN.sub("_", name.replace("/", "_")))


def of_selection(selection: Selection) -> Parcel:
    """What was chosen, folders with all that is in them.

    :raise Refused: if it is too much for one zip
    """
    parcel = Parcel()
    for folder in selection.folders:
        add_tree(parcel, folder)
    for file in selection.files:
        parcel.add_file("", file.name, file.created_at, file.blob_id, file.size)
    return parcel


def of_folder(folder: Folder) -> Parcel:
    """A folder with all that is in it; the outermost has no name, so what is in it stands alone.

    :raise Refused: if it is too much for one zip
    """
    parcel = Parcel()
    add_tree(parcel, folder)
    return parcel


def add_tree(parcel: Parcel, top: Folder, inside: str = "") -> None:
    """``top`` and all below it, the outer ones first, each with its files by name.

    They lie in the folder ``inside`` of the parcel, which ends with a slash.

    :raise Refused: if it is too much for one zip
    """
    where: dict[UUID | None, str] = {top.id: inside}
    for folder in _folders(top, parcel.most):
        if folder.name:
            place = inside if folder.id == top.id else where[folder.parent_id]
            where[folder.id] = parcel.add_folder(place, folder.name, folder.created_at)
    for row in _files(top, parcel.most):
        parcel.add_file(where[row.folder_id], row.name, row.created_at, row.blob_id, row.size)


def _folders(top: Folder, most: int) -> Sequence[Any]:
    columns = Folder.id, Folder.parent_id, Folder.name, Folder.created_at
    # A path begins with its parent's, so this order has parents first.
    tree = select(*columns).where(folders.tree(top)).order_by(Folder.path_key)
    return db.session.execute(tree.limit(most + 2)).all()  # the outermost is no entry


def _files(top: Folder, most: int) -> Sequence[Any]:
    columns = File.folder_id, File.name, File.blob_id, File.size, File.created_at
    inside = select(*columns).join(Folder).where(folders.tree(top), File.deleted_at.is_(None))
    ordered = inside.order_by(Folder.path_key, File.name_key)
    return db.session.execute(ordered.limit(most + 1)).all()
