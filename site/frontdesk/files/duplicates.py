"""What is there already of the files that somebody is about to send: asked before, never silent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import select

from frontdesk import audit
from frontdesk.db import db, transaction
from frontdesk.files import folders, names, places, unfinished
from frontdesk.files.models import File
from frontdesk.files.unfinished import Unfinished
from frontdesk.language import day


@dataclass(slots=True, frozen=True)
class Wanted:
    """A file that will come: its name and folder as its device says them, its size in bytes."""

    name: str
    folder: str
    size: int

    @property
    def there(self) -> tuple[str, ...]:
        return tuple(names.folder_parts(self.folder))


@dataclass(slots=True, frozen=True)
class Known:
    """What there is of one: a sentence about the file that has its name, and where that is; and
    the upload that it may go on with."""

    said: str = ""
    url: str = ""
    is_same: bool = False
    begun: Unfinished | None = None


def look(member_id: UUID, wanted: Sequence[Wanted]) -> list[Known]:
    """For each of ``wanted``, in their order, what there is of it."""
    begun = unfinished.of(member_id)
    there = {path: _files_in(member_id, path, wanted) for path in {one.there for one in wanted}}
    return [_known(one, there[one.there].get(names.key(names.clean(one.name))), begun)
            for one in wanted]  # fmt: skip


def put_into(member_id: UUID, upload_id: UUID, path: Sequence[str]) -> File | None:
    """Move the file that an upload has just become into another folder, made if it is missing.

    Nothing happens to one that joined the versions of a file which was there before.

    :raise Refused: if a file has the name of one of the folders
    """
    with transaction() as session:
        mine = select(File).where(File.owner_id == member_id, File.blob_id == upload_id)
        file = session.scalar(mine.where(File.folder_id.is_not(None), File.deleted_at.is_(None)))
        folder = folders.make(member_id, path) if file else None
        if file and folder and file.folder_id != folder.id and file.version == 1:
            file.name = folders.free_name(folder, file.name)
            file.folder_id, file.name_key = folder.id, names.key(file.name)
            audit.record("file.move", member_id=member_id, file=str(file.id), to=str(folder.id))
        return file


def _files_in(member_id: UUID, path: tuple[str, ...], wanted: Iterable[Wanted]) -> dict[str, File]:
    """The files there that have one of the names, by their keys."""
    folder = folders.at(member_id, path) if path else folders.outermost(member_id)
    if folder is None:
        return {}
    keys = {names.key(names.clean(one.name)) for one in wanted if one.there == path}
    inside = select(File).where(File.folder_id == folder.id, File.deleted_at.is_(None))
    found = db.session.scalars(inside.where(File.name_key.in_(keys)))
    return {file.name_key: file for file in found}


def _known(one: Wanted, file: File | None, begun: list[Unfinished]) -> Known:
    match = next((line for line in begun if _goes_on(one, line)), None)
    if file is None:
        return Known(begun=match)
    is_same = file.size == one.size
    said = (
        _("You uploaded this file on %(day)s.", day=day(file.created_at))
        if is_same
        else _("A file of this name is there already.")
    )
    return Known(said, places.place_of(file), is_same, match)


def _goes_on(one: Wanted, line: Unfinished) -> bool:
    is_there = not one.there or "/".join(one.there) == line.folder
    return is_there and line.name == names.clean(one.name) and line.length == one.size
