"""Copies of files and folders: rows of their own on the same bytes, counted once more."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import func, insert, select

from frontdesk import audit
from frontdesk.db import db, now, transaction
from frontdesk.files import folders, moving, names, selection, service
from frontdesk.files.models import File, Folder
from frontdesk.files.moving import Renamed
from frontdesk.files.selection import Chosen
from frontdesk.forms import Refused

MOST = 10_000
OF_FILE = (File.folder_id, File.blob_id, File.name, File.name_key, File.size, File.media_type)


@dataclass(slots=True)
class Draft:
    """The rows that are to be written, in an order that each can be."""

    owner_id: UUID
    folders: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)

    def check_size(self) -> None:
        """:raise Refused: if these are more than are copied at a time"""
        if len(self.folders) + len(self.files) > MOST:
            raise Refused(
                _("At most %(most)s files and folders can be copied at a time.", most=MOST)
            )

    def add_file(self, of: Any, folder_id: UUID, name: str) -> None:
        """A row for the same bytes; earlier versions stay with the original."""
        row = {"blob_id": of.blob_id, "size": of.size, "media_type": of.media_type}
        row |= {"name": name, "name_key": names.key(name), "folder_id": folder_id}
        self.files.append(
            row | {"id": uuid.uuid4(), "owner_id": self.owner_id, "created_at": now()}
        )

    def add_folder(self, parent_id: UUID, name: str, path: str, path_key: str) -> UUID:
        """A row for a folder; its id."""
        moving.check_fits(path)
        row = {"parent_id": parent_id, "name": name, "name_key": names.key(name), "path": path}
        row |= {"id": uuid.uuid4(), "owner_id": self.owner_id, "created_at": now()}
        self.folders.append(row | {"path_key": path_key})
        return UUID(str(row["id"]))

    def write(self) -> None:
        """Write the rows, counted.

        :raise Refused: if the quota has no room for them
        """
        self.check_size()
        if not service.charge(self.owner_id, sum(row["size"] for row in self.files)):
            said = _("No space is left for the copy. Empty your bin or ask the admin.")
            raise Refused(said, None, 413)
        for model, rows in ((Folder, self.folders), (File, self.files)):
            if rows:
                db.session.execute(insert(model), rows)


def copy(member_id: UUID, chosen: Chosen, target_id: UUID) -> Renamed:
    """Put a copy of what was chosen into a folder: of all of it, or nothing.

    A name that is taken there gets a number.

    :raise 404: if something isn't there or theirs
    :raise Refused: if it is too much, has no room, or a folder would come to lie in itself
    """
    with transaction():
        found = selection.find(member_id, chosen)
        target = moving.target_of(member_id, target_id)
        renamed: Renamed = []
        for folder in found.folders:
            moving.check_outside(folder, target)
            draft = Draft(member_id)
            _draft_folder(draft, folder, target, moving.new_name(target, folder.name, renamed))
            draft.write()
        _copy_files(found.files, target, renamed)
        to = str(target.id)
        audit.record("selection.copy", member_id=member_id, to=to, **found.facts)
    return renamed


def _copy_files(files: Sequence[File], target: Folder, renamed: Renamed) -> None:
    for file in files:  # one by one: each may take the name of the next
        draft = Draft(target.owner_id)
        draft.add_file(file, target.id, moving.new_name(target, file.name, renamed))
        draft.write()


def _draft_folder(draft: Draft, folder: Folder, target: Folder, name: str) -> None:
    """``folder`` and all below it, as it would lie in ``target`` under ``name``."""
    columns = Folder.id, Folder.parent_id, Folder.name, Folder.path, Folder.path_key
    tree = select(*columns).where(folders.tree(folder)).order_by(func.length(Folder.path))
    path = f"{target.path}/{name}".lstrip("/")
    path_key = f"{target.path_key}/{names.key(name)}".lstrip("/")
    old, old_key = len(folder.path), len(folder.path_key)
    copies = {folder.parent_id: target.id}
    for row in db.session.execute(tree.limit(MOST + 1)):
        called = name if row.id == folder.id else row.name
        where = path + row.path[old:], path_key + row.path_key[old_key:]
        copies[row.id] = draft.add_folder(copies[row.parent_id], called, *where)
    draft.check_size()
    inside = File.folder_id.in_(select(Folder.id).where(folders.tree(folder)))
    files = select(*OF_FILE).where(inside, File.deleted_at.is_(None)).limit(MOST + 1)
    for file in db.session.execute(files):
        draft.add_file(file, copies[file.folder_id], file.name)
