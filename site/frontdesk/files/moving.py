"""What can be done with folders as with files: make one, rename it, move it elsewhere."""

from __future__ import annotations

from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, select, update

from frontdesk import audit
from frontdesk.db import db, transaction
from frontdesk.files import folders, names, selection
from frontdesk.files.models import File, Folder
from frontdesk.files.selection import Chosen
from frontdesk.forms import Refused

Renamed = list[tuple[str, str]]  # the names that were taken, and what things are called now


def new_folder(member_id: UUID, path: list[str], raw_name: str) -> Folder:
    """A new folder in the one at ``path``; ``a/b`` makes both.

    :raise Refused: if no name is left, something has it already, or the path is too long
    """
    inner = names.folder_parts(raw_name)
    if not inner:
        raise Refused(_("Enter a name"), "name")
    with transaction():
        if len(path) + len(inner) > names.DEEPEST:
            raise _too_long()
        parent = folders.make(member_id, [*path, *inner[:-1]])
        _check_free(parent, inner[-1])
        folder = folders.make(member_id, [*path, *inner])
        audit.record("folder.create", member_id=member_id, folder=str(folder.id))
    return folder


def rename(folder: Folder, raw_name: str) -> None:
    """Give ``folder`` a new name; what is below it has another address from then on.

    :raise Refused: if nothing is left of the name, something has it, or a path gets too long
    """
    name = names.clean(raw_name, nameless="")
    if not name:
        raise Refused(_("Enter a name"), "name")
    with transaction() as session:
        parent = session.get_one(Folder, folder.parent_id)
        if names.key(name) != folder.name_key:
            _check_free(parent, name)
        hang(folder, parent, name, folders.tree(folder))
        audit.record("folder.rename", member_id=folder.owner_id, folder=str(folder.id))


def move(member_id: UUID, chosen: Chosen, target_id: UUID) -> Renamed:
    """Put what was chosen into another folder: all of it, or nothing.

    A name that is taken there gets a number.

    :raise 404: if something isn't there or theirs
    :raise Refused: if a folder would come to lie in itself, or a path gets too long
    """
    with transaction():
        found, target = selection.find(member_id, chosen), target_of(member_id, target_id)
        renamed: Renamed = []
        for folder in found.folders:
            check_outside(folder, target)
            if folder.parent_id != target.id:
                name = new_name(target, folder.name, renamed)
                hang(folder, target, name, folders.tree(folder))
        for file in found.files:
            if file.folder_id != target.id:
                _move_file(file, target, renamed)
        to = str(target.id)
        audit.record("selection.move", member_id=member_id, to=to, **found.facts)
    return renamed


def _move_file(file: File, target: Folder, renamed: Renamed) -> None:
    file.name = new_name(target, file.name, renamed)
    file.folder_id, file.name_key = target.id, names.key(file.name)
    db.session.flush()


# Parts of other verbs


def target_of(member_id: UUID, folder_id: UUID) -> Folder:
    """Where things shall go, as it is now.

    :raise Refused: if it is gone, or was never theirs
    """
    target = db.session.get(Folder, folder_id)
    if target is None or target.owner_id != member_id or target.deleted_at:
        raise Refused(_("That folder is gone. Choose another."))
    return target


def check_outside(folder: Folder, target: Folder) -> None:
    """:raise Refused: if ``target`` is ``folder`` or lies below it"""
    if f"{target.path_key}/".startswith(f"{folder.path_key}/"):
        said = _("“%(name)s” can’t go into itself. Choose another folder.", name=folder.name)
        raise Refused(said)


def new_name(target: Folder, name: str, renamed: Renamed) -> str:
    """``name``, or with a number one that is free in ``target``; then ``renamed`` gets both."""
    free = folders.free_name(target, name)
    if free != name:
        renamed.append((name, free))
    return free


def hang(folder: Folder, parent: Folder, name: str, tree: ColumnElement[bool]) -> None:
    """Let ``folder`` lie in ``parent`` under ``name``, and the paths of its ``tree`` say so.

    One statement for all below: each path is the new beginning and what stood behind the old
    one, whose length is not that of its key, for folding case makes some letters two.
    """
    old, old_key = len(folder.path), len(folder.path_key)
    path = f"{parent.path}/{name}".lstrip("/")
    path_key = f"{parent.path_key}/{names.key(name)}".lstrip("/")
    for below in db.session.scalars(select(Folder.path).where(tree)):
        check_fits(path + below[old:])
    folder.parent_id, folder.name, folder.name_key = parent.id, name, names.key(name)
    db.session.flush()
    db.session.execute(
        update(Folder)
        .where(tree)
        .values(
            path=path + func.substr(Folder.path, old + 1),
            path_key=path_key + func.substr(Folder.path_key, old_key + 1),
        )
        .execution_options(synchronize_session=False)
    )
    db.session.expire_all()


def check_fits(path: str) -> None:
    """:raise Refused: if no address could hold that path"""
    is_deep = path.count("/") >= names.DEEPEST
    if is_deep or folders.is_long(path):
        raise _too_long()


def _check_free(parent: Folder, name: str) -> None:
    if folders.free_name(parent, name) != name:
        said = _("“%(name)s” is there already. Choose another name.", name=name)
        raise Refused(said, "name")


def _too_long() -> Refused:
    return Refused(_("The path of a folder would get too long. Choose a shorter one."), "name")
