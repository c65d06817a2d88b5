"""Several files and folders of one member, to do one thing with: to all of them or to none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import abort
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.datastructures import MultiDict

from frontdesk.db import db
from frontdesk.files.models import File, Folder
from frontdesk.forms import Refused

MOST = 1_000


@dataclass(slots=True, frozen=True)
class Chosen:
    """Which: the ids in the fields ``file`` and ``folder`` of a form or an address."""

    files: Sequence[UUID] = ()
    folders: Sequence[UUID] = ()

    @classmethod
    def of(cls, values: MultiDict[str, str]) -> Chosen:
        """:raise 404: if one of them is no id; nothing that is there has such a one"""
        try:
            return cls(*(tuple(dict.fromkeys(map(UUID, values.getlist(name))))
                         for name in ("file", "folder")))  # fmt: skip
        except ValueError:
            abort(404)


@dataclass(slots=True, frozen=True)
class Selection:
    """The things themselves."""

    folders: Sequence[Folder]
    files: Sequence[File]

    def __len__(self) -> int:
        return len(self.folders) + len(self.files)

    @property
    def facts(self) -> dict[str, Any]:
        """What the log says of it."""
        return {"files": len(self.files), "folders": len(self.folders)}

    @property
    def names(self) -> list[str]:
        """What they are called, as a list shows them."""
        return [thing.name for things in (self.folders, self.files) for thing in things]

    @property
    def first(self) -> Folder | File:
        """The one that a list shows first; there is always one, see :func:`find`."""
        return self.folders[0] if self.folders else self.files[0]

    @property
    def where(self) -> Folder:
        """The folder that the first of them lies in, or lay in before the bin."""
        first = self.first
        id = first.folder_id if isinstance(first, File) else first.parent_id
        return db.session.get_one(Folder, id)


def find(member_id: UUID, chosen: Chosen) -> Selection:
    """What was chosen, by name; one that can't be had refuses them all.

    :raise 404: if one isn't there, isn't theirs, or is their outermost folder
    :raise Refused: if there is none, or too many, or one is in the bin meanwhile
    """
    count = len(chosen.files) + len(chosen.folders)
    if not count:
        raise Refused(_("Select files or folders first."))
    if count > MOST:
        raise Refused(_("Select at most %(most)s things at a time.", most=MOST))
    found = Selection(_folders(member_id, chosen.folders), _files(member_id, chosen.files))
    if len(found) != count:
        abort(404)
    for name in _in_bin(found):
        raise Refused(_("“%(name)s” is in the bin by now, so nothing was changed.", name=name))
    return found


def _folders(member_id: UUID, ids: Sequence[UUID]) -> Sequence[Folder]:
    mine = Folder.id.in_(ids), Folder.owner_id == member_id, Folder.parent_id.is_not(None)
    return db.session.scalars(select(Folder).where(*mine).order_by(Folder.name_key)).all()


def _files(member_id: UUID, ids: Sequence[UUID]) -> Sequence[File]:
    mine = File.id.in_(ids), File.owner_id == member_id, File.folder_id.is_not(None)
    query = select(File).options(joinedload(File.folder)).where(*mine)
    return db.session.scalars(query.order_by(File.name_key)).all()


def _in_bin(found: Selection) -> list[str]:
    gone = [folder.name for folder in found.folders if folder.deleted_at]
    return gone + [file.name for file in found.files if not file.is_there]
