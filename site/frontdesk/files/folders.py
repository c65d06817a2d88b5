"""Where things lie: from an address such as ``reports/2026/a.pdf`` to the folder or the file."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import abort
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import joinedload

from frontdesk.db import db
from frontdesk.files import names
from frontdesk.files.models import File, Folder
from frontdesk.forms import Refused

LONGEST_PATH = 2_000  # bytes; each may be three in an address, and servers read about 8,000


def outermost(member_id: UUID) -> Folder | None:
    """The folder that holds all of a member's others; None before their first upload."""
    mine = select(Folder).where(Folder.owner_id == member_id, Folder.parent_id.is_(None))
    return db.session.scalar(mine)


def look_up(member_id: UUID, parts: Sequence[str]) -> Folder | File | None:
    """What lies at that path: a folder, a file, or None for a member's still empty place.

    :raise 404: if there is no such thing
    """
    if not parts:
        return outermost(member_id)
    found = at(member_id, parts) or file_in(at(member_id, parts[:-1]), parts[-1])
    if found is None:
        abort(404)
    return found


def at(member_id: UUID, parts: Sequence[str]) -> Folder | None:
    """The folder at that path, if there is one."""
    key = "/".join(map(names.key, parts))
    there = Folder.owner_id == member_id, Folder.path_key == key, Folder.deleted_at.is_(None)
    return db.session.scalar(select(Folder).where(*there))


def make(member_id: UUID, parts: Sequence[str]) -> Folder:
    """The folder at that path, made where it is missing; a part of another verb.

    :raise Refused: if a file has the name of one of the folders, or the path is too long to be
        asked for in an address
    """
    _check_length(parts)
    folder = outermost(member_id)
    if folder is None:
        folder = _add(member_id)
    for name in parts:
        inner = _folder_in(folder, name)
        if inner is None:
            if file_in(folder, name):
                said = _("“%(name)s” is a file. Choose another folder.", name=name)
                raise Refused(said, "folder")
            inner = _add(member_id, folder, name)
        folder = inner
    return folder


def home(folder_id: UUID | None) -> Folder:
    """The folder that something comes back to from the bin; a part of another verb.

    If that is in the bin itself there is a new one at its path, or, where a file has its name by
    now, the outermost one.
    """
    folder = db.session.get_one(Folder, folder_id)
    if folder.deleted_at is None:
        return folder
    try:
        return make(folder.owner_id, path_of(folder))
    except Refused:
        return make(folder.owner_id, [])


def mine(member_id: UUID, folder_id: UUID) -> Folder:
    """A folder that can be changed, or that went to the bin by itself.

    :raise 404: if there is none, it isn't theirs, or it is their outermost
    """
    found = db.session.get(Folder, folder_id)
    if found is None or found.owner_id != member_id or found.parent_id is None:
        abort(404)
    if found.deleted_with not in {None, found.id}:
        abort(404)
    return found


def tree(folder: Folder) -> ColumnElement[bool]:
    """Of folders: this one and all below it, but for what is in the bin."""
    inside = f"{folder.path_key}/" if folder.path_key else ""
    is_inside = (
        func.substr(Folder.path_key, 1, len(inside)) == inside
    )  # no LIKE: names hold % and _
    here = Folder.owner_id == folder.owner_id, Folder.deleted_at.is_(None)
    return and_(*here, or_(Folder.id == folder.id, is_inside))


def _check_length(parts: Sequence[str]) -> None:
    if is_long("/".join(parts)):
        raise Refused(_("The folder’s path is too long. Choose shorter names."), "folder")


def is_long(path: str) -> bool:
    """Whether it is too long for an address, or its key for PostgreSQL's index: some letters grow.

    That index takes 2,700 bytes of a row.
    """
    return max(len(path.encode()), len(names.key(path).encode())) > LONGEST_PATH


def path_of(folder: Folder | None) -> list[str]:
    """The names that lead to ``folder``, outermost first."""
    return folder.path.split("/") if folder is not None and folder.path else []


def free_name(folder: Folder, name: str) -> str:
    """``name``, or with a number behind it one that nothing in ``folder`` has.

    Looks by doubling and halving, for this happens while nobody else may write: the ten
    thousandth ``image.jpg`` asks 27 times, not ten thousand.
    """
    if not _is_taken(folder, name):
        return name
    taken, free = 1, 2
    while _is_taken(folder, names.numbered(name, free)):
        taken, free = free, free * 2
    while free - taken > 1:
        middle = (taken + free) // 2
        if _is_taken(folder, names.numbered(name, middle)):
            taken = middle
        else:
            free = middle
    return names.numbered(name, free)


def file_in(folder: Folder | None, name: str) -> File | None:
    """The file of that name, regardless of case, with its blob."""
    if folder is None:
        return None
    return db.session.scalar(
        select(File)
        .options(joinedload(File.blob))
        .where(
            File.folder_id == folder.id,
            File.name_key == names.key(name),
            File.deleted_at.is_(None),
        )
    )


def _folder_in(folder: Folder | None, name: str) -> Folder | None:
    if folder is None:
        return None
    return db.session.scalar(
        select(Folder).where(
            Folder.parent_id == folder.id,
            Folder.name_key == names.key(name),
            Folder.deleted_at.is_(None),
        )
    )


def _is_taken(folder: Folder, name: str) -> bool:
    key = names.key(name)
    a_file = exists().where(
        File.folder_id == folder.id, File.name_key == key, File.deleted_at.is_(None)
    )
    a_folder = exists().where(
        Folder.parent_id == folder.id, Folder.name_key == key, Folder.deleted_at.is_(None)
    )
    return bool(db.session.scalar(select(a_file | a_folder)))


def _add(member_id: UUID, parent: Folder | None = None, name: str = "") -> Folder:
    folder = Folder(owner_id=member_id, name=name, name_key=names.key(name))
    if parent is not None:
        folder.parent_id = parent.id
        folder.path = f"{parent.path}/{name}".lstrip("/")
        folder.path_key = f"{parent.path_key}/{folder.name_key}".lstrip("/")
    db.session.add(folder)
    db.session.flush()
    return folder


def get(folder_id: UUID | None) -> Folder | None:
    """The folder of that id."""
    return db.session.get(Folder, folder_id) if folder_id else None
