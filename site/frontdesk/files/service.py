"""What can be done with files: rename, delete, bring back; and the space that they take."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import abort, current_app
from flask_babel import gettext as _
from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from frontdesk import audit
from frontdesk.accounts.models import Member
from frontdesk.accounts.sessions import Person
from frontdesk.db import db, now, transaction
from frontdesk.files import capacity, folders, listing, names
from frontdesk.files.models import File, Folder, Version
from frontdesk.forms import Refused
from frontdesk.storage import Storage, from_url

RECENT = 5
ABANDONED = 10  # seconds; what is still being written is locked besides


SPACE = select(Member.used, Member.reserved, Member.quota).where(
    Member.id == bindparam("member_id")
)


@dataclass(slots=True)
class Space:
    """A member's space in bytes; ``used`` holds the bin too."""

    used: int
    quota: int

    @property
    def left(self) -> int:
        return max(0, self.quota - self.used)


def storage() -> Storage:
    """The storage that STORAGE_URL names, opened at the first use in each process.

    What a process that was killed had begun to take in goes then; nobody else's is touched.
    """
    if "storage" not in current_app.extensions:
        opened = from_url(current_app.config["STORAGE_URL"], current_app.instance_path)
        opened.sweep(ABANDONED)
        current_app.extensions["storage"] = opened
    found: Storage = current_app.extensions["storage"]
    return found


def space(member_id: UUID, connection: Connection | None = None) -> Space:
    """How much of their quota a member has used, in this request's eyes or in those given."""
    row = (connection or db.session).execute(SPACE, {"member_id": member_id}).one()
    return Space(row.used + row.reserved, _quota(row.quota))


def space_of(person: Person | Member) -> Space:
    """The same of somebody who was looked up already, such as who is asking: for showing it."""
    return Space(person.used + person.reserved, _quota(person.quota))


def recent(member_id: UUID) -> list[listing.Row]:
    """A member's latest files."""
    return listing.recent(member_id, RECENT)


def kept_free() -> int:
    """Bytes that stay free where files lie: MIN_FREE_SPACE, but at most a quarter of that disk."""
    least: int = current_app.config["MIN_FREE_SPACE"]
    return min(least, storage().capacity() // 4)


def has_room() -> bool:
    """Whether the storage takes anything at all."""
    try:
        return storage().free() > kept_free()
    except OSError:
        return False


def get_file(member_id: UUID, file_id: UUID) -> File:
    """:raise 404: if there is no such file, it isn't theirs, it is their picture, or its folder is
    in the bin; a file that went there by itself is found
    """
    file = db.session.scalar(
        select(File)
        .options(joinedload(File.blob), joinedload(File.folder))
        .where(File.id == file_id, File.owner_id == member_id, File.folder_id.is_not(None))
    )
    if file is None or not (file.deleted_at or file.is_there):
        abort(404)
    return file


def rename(file: File, raw_name: str) -> File:
    """Give ``file`` a new name.

    :raise Refused: if nothing is left of the name, or something there has it already
    """
    name = names.clean(raw_name, nameless="")
    if not name:
        raise Refused(_("Enter a name"), "name")
    with transaction() as session:
        folder = session.get_one(Folder, file.folder_id)
        if names.key(name) != file.name_key and folders.free_name(folder, name) != name:
            said = _("“%(name)s” is there already. Choose another name.", name=name)
            raise Refused(said, "name")
        audit.record("file.rename", member_id=file.owner_id, file=str(file.id))
        file.name, file.name_key = name, names.key(name)
    return file


def delete(file: File) -> None:
    """Move ``file`` to the bin. Twice is once."""
    with transaction():
        if file.deleted_at is None:
            file.deleted_at = now()
            audit.record("file.delete", member_id=file.owner_id, file=str(file.id))


def undo_delete(file: File) -> File:
    """Bring ``file`` back, with a number if its name was taken meanwhile. Twice is once."""
    with transaction():
        if file.deleted_at is not None:
            folder = folders.home(file.folder_id)
            file.folder_id, file.name = folder.id, folders.free_name(folder, file.name)
            file.name_key, file.deleted_at = names.key(file.name), None
            audit.record("file.undo", member_id=file.owner_id, file=str(file.id))
    return file


def charge(member_id: UUID, size: int, to: InstrumentedAttribute[int] = Member.used) -> bool:
    """Count ``size`` more bytes as used, or as reserved, if the quota has room, and the house.

    A part of another verb. By one conditional update: together no two get too much.
    """
    quota = func.coalesce(Member.quota, current_app.config["QUOTA"])
    has_room = Member.used + Member.reserved + size <= quota
    counted = db.session.scalar(
        update(Member)
        .where(Member.id == member_id, has_room, *capacity.has_room(size))
        .values({to: to + size})
        .returning(Member.id)
        .execution_options(synchronize_session=False)
    )
    return counted is not None


def give_back(member_id: UUID, size: int) -> None:
    """Count ``size`` bytes less as used; a part of another verb."""
    db.session.execute(
        update(Member)
        .where(Member.id == member_id)
        .values(used=Member.used - size)
        .execution_options(synchronize_session=False)
    )


def drop_row(file: File) -> list[UUID]:
    """Remove the rows of ``file`` and its versions, and give their space back.

    A part of another verb. The ids of the blobs that they pointed at are left: perhaps nothing
    points at them any more.
    """
    earlier = select(Version.blob_id, Version.size).where(Version.file_id == file.id)
    versions = db.session.execute(earlier).all()
    give_back(file.owner_id, file.size + sum(row.size for row in versions))
    blobs = [file.blob_id, *(row.blob_id for row in versions)]
    db.session.delete(file)  # its versions go with it
    db.session.flush()
    return list(dict.fromkeys(blobs))


def _quota(own: int | None) -> int:
    return int(current_app.config["QUOTA"] if own is None else own)
