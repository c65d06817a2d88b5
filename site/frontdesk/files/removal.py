"""Out of the bin for good.

What goes gives its space back at once. Its bytes go with the last row that points at them, so
those that a post or a copy holds stay; what a post holds goes on counting to who sent it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Delete, Select, Update, delete, select, update

from frontdesk import audit
from frontdesk.db import db, now, transaction
from frontdesk.files import binned, blobs, folders, service
from frontdesk.files.models import File, Folder, Version

AT_ONCE = 250  # files in one transaction, some 50 ms: others want to write too
KEPT = timedelta(days=30)


@dataclass(slots=True)
class Removed:
    """How many files and bytes, and the blobs that nothing points at since."""

    files: int = 0
    size: int = 0
    blobs: list[UUID] = field(default_factory=list)

    @property
    def facts(self) -> dict[str, Any]:
        """What the log says of it."""
        return {"files": self.files, "size": self.size}

    def add(self, more: Removed) -> None:
        """Count others too."""
        self.files, self.size = self.files + more.files, self.size + more.size
        self.blobs += more.blobs


def remove_file(member_id: UUID, file_id: UUID) -> None:
    """Take a file out of the bin for ever; one that came back in another tab stays."""
    with transaction():
        removed = _remove_files(member_id, File.id == file_id, *binned.of(File, member_id))
        if removed.files:
            file = str(file_id)
            audit.record("file.remove", member_id=member_id, file=file, size=removed.size)
    blobs.forget(removed.blobs)


def remove_folder(member_id: UUID, folder_id: UUID, why: str = "remove") -> Removed:
    """Take a folder, and all that went to the bin with it, out of it for ever."""
    with transaction():
        folder = db.session.get(Folder, folder_id)
        if folder is None or folder.owner_id != member_id or folder.deleted_with != folder_id:
            return Removed()  # somebody was faster, or brought it back
        with_it = select(Folder.id).where(Folder.deleted_with == folder_id)
        _keep_what_went_before(folder, with_it)
        inside = File.folder_id.in_(with_it), File.deleted_at.is_(None)
        removed = _remove_files(member_id, *inside)
        id = str(folder_id)
        audit.record(f"folder.{why}", member_id=member_id, folder=id, **removed.facts)
        _run(delete(Folder).where(Folder.deleted_with == folder_id))
    blobs.forget(removed.blobs)
    return removed


def empty(member_id: UUID, before: datetime | None = None, why: str = "remove") -> Removed:
    """Take all that went to a member's bin before a moment, or until now, out of it for ever."""
    due, every = before or now(), Removed()
    while ids := _some(File, member_id, due):
        with transaction():
            removed = _remove_files(member_id, File.id.in_(ids), *binned.of(File, member_id))
            audit.record(f"bin.{why}", member_id=member_id, **removed.facts)
        blobs.forget(removed.blobs)
        every.add(removed)
    while ids := _some(Folder, member_id, due):
        for id in ids:
            every.add(remove_folder(member_id, id, why))
    return every


def remove_all(member_id: UUID) -> Removed:
    """Take all that a member has away for ever, wherever it lies, their picture too: they leave."""
    every, mine = Removed(), select(File.id).where(File.owner_id == member_id).limit(AT_ONCE)
    while ids := db.session.scalars(mine).all():
        with transaction():
            removed = _remove_files(member_id, File.id.in_(ids))
            audit.record("file.leave", member_id=member_id, **removed.facts)
        blobs.forget(removed.blobs)
        every.add(removed)
    with transaction():
        _run(delete(Folder).where(Folder.owner_id == member_id))
    return every


def remove_due() -> Removed:
    """Empty all bins of what has lain there longer than they keep it."""
    due, every = now() - KEPT, Removed()
    of_files = select(File.owner_id).where(File.deleted_at < due, File.folder_id.is_not(None))
    of_folders = select(Folder.owner_id).where(Folder.deleted_at < due)
    for owner in db.session.scalars(of_files.union(of_folders)).all():
        every.add(empty(owner, due, "purge"))
    return every


def _some(kind: binned.Kind, member_id: UUID, due: datetime) -> Sequence[UUID]:
    some = select(kind.id).where(*binned.of(kind, member_id), kind.deleted_at < due)
    return db.session.scalars(some.limit(AT_ONCE)).all()


def _keep_what_went_before(folder: Folder, with_it: Select[UUID]) -> None:
    """What had gone to the bin by itself is an entry of its own: it would come back outermost."""
    outermost = folders.make(folder.owner_id, []).id
    files = File.folder_id.in_(with_it), File.deleted_at.is_not(None)
    _run(update(File).where(*files).values(folder_id=outermost))
    inner = Folder.parent_id.in_(with_it), Folder.deleted_with != folder.id
    _run(update(Folder).where(*inner).values(parent_id=outermost))


def _remove_files(member_id: UUID, *which: ColumnElement[bool]) -> Removed:
    """Remove the rows of files and of their versions, and give back what space they leave."""
    files = db.session.execute(select(File.blob_id, File.size).where(*which)).all()
    earlier = select(Version.blob_id, Version.size).join(File, File.id == Version.file_id)
    versions = db.session.execute(earlier.where(*which)).all()
    every = [*files, *versions]
    _run(delete(File).where(*which))  # the versions go with them
    ids = {row.blob_id for row in every}
    dropped = blobs.drop(ids)
    size = sum(row.size for row in every) - blobs.keep_for(member_id, ids.difference(dropped))
    service.give_back(member_id, size)
    return Removed(len(files), size, dropped)


def _run(statement: Delete | Update) -> None:
    db.session.execute(statement.execution_options(synchronize_session=False))
