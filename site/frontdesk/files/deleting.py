"""Into the bin and back: folders with all that is in them, and several things at once.

What a form brings to the bin shares one moment, by which all of it can be brought back.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update

from frontdesk import audit
from frontdesk.db import db, now, transaction
from frontdesk.files import folders, moving, selection, service
from frontdesk.files.models import File, Folder
from frontdesk.files.selection import Chosen, Selection


def delete(member_id: UUID, chosen: Chosen) -> datetime:
    """Move what was chosen to the bin: all of it, or nothing. The moment that it shares.

    :raise 404: if something isn't there or theirs
    """
    moment = now()
    with transaction():
        found = selection.find(member_id, chosen)
        for folder in sorted(found.folders, key=lambda folder: len(folder.path)):  # outermost first
            delete_folder(folder, moment)
        for file in found.files:
            file.deleted_at = moment
            audit.record("file.delete", member_id=member_id, file=str(file.id))
    return moment


def delete_folder(folder: Folder, moment: datetime | None = None) -> None:
    """Move ``folder`` to the bin, and with it all that is in it. Twice is once.

    One statement marks the folders; the files in them stay as they are.
    """
    with transaction():
        if folder.deleted_at is None:
            db.session.execute(
                update(Folder)
                .where(folders.tree(folder))
                .values(deleted_at=moment or now(), deleted_with=folder.id)
                .execution_options(synchronize_session=False)
            )
            audit.record("folder.delete", member_id=folder.owner_id, folder=str(folder.id))
            db.session.expire_all()


def undo_folder(folder: Folder) -> None:
    """Bring back what went to the bin with ``folder``; a name taken meanwhile gets a number.

    Twice is once.

    :raise Refused: if its path would be too long by now
    """
    with transaction():
        if folder.deleted_at is None:
            return
        parent = folders.home(folder.parent_id)
        tree = Folder.deleted_with == folder.id
        moving.hang(folder, parent, folders.free_name(parent, folder.name), tree)
        db.session.execute(
            update(Folder)
            .where(tree)
            .values(deleted_at=None, deleted_with=None)
            .execution_options(synchronize_session=False)
        )
        audit.record("folder.undo", member_id=folder.owner_id, folder=str(folder.id))
        db.session.expire_all()


def of_moment(member_id: UUID, moment: datetime) -> Selection:
    """What a member brought to the bin at that moment and is still there, outermost first."""
    where = Folder.owner_id == member_id, Folder.deleted_at == moment
    gone = select(Folder).where(*where, Folder.deleted_with == Folder.id)
    files = select(File).where(File.owner_id == member_id, File.deleted_at == moment)
    return Selection(
        db.session.scalars(gone.order_by(func.length(Folder.path), Folder.name_key)).all(),
        db.session.scalars(files.order_by(File.name_key)).all(),
    )


def undo(member_id: UUID, moment: datetime) -> Selection:
    """Bring all of that back.

    :raise Refused: if the path of a folder would be too long by now; then nothing comes back
    """
    with transaction():
        found = of_moment(member_id, moment)
        for folder in found.folders:
            undo_folder(folder)
        for file in found.files:
            service.undo_delete(file)
    return found
