"""What can be done with files: take in, rename, delete, bring back, keep a picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from flask import abort, current_app
from flask_babel import gettext as _
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import joinedload

from frontdesk import audit
from frontdesk.accounts.models import Member
from frontdesk.accounts.sessions import Person
from frontdesk.db import db, now, transaction
from frontdesk.files import folders, listing, names
from frontdesk.files.kinds import media_type
from frontdesk.files.models import Blob, File, Folder
from frontdesk.forms import Refused
from frontdesk.language import size as in_words
from frontdesk.storage import Staged, Storage, from_url

RECENT = 5
ABANDONED = 10  # seconds; what is still being written is locked besides
HEAD = 4_096  # bytes that a file's type is read off


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


def space(member_id: UUID) -> Space:
    """How much of their quota a member has used."""
    row = db.session.execute(SPACE, {"member_id": member_id}).one()
    return Space(row.used + row.reserved, _quota(row.quota))


def space_of(person: Person) -> Space:
    """The same of the member who is asking, as it was when they asked: for showing it."""
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


def take_in(member_id: UUID, path: list[str], raw_name: str, staged: Staged) -> File:
    """Keep ``staged`` as a file at ``path``, under the safe form of ``raw_name``.

    A name that is taken gets a number. The bytes are safe on the disk before the row is written.

    :raise Refused: if it is empty, over a limit, or the folder's name is a file's
    """
    name = names.clean(raw_name)
    check(name, staged)
    staged.seek(0)
    kind = media_type(staged.read(HEAD), name)
    with kept(staged):
        folder = folders.make(member_id, path)
        file = File(
            owner_id=member_id,
            folder_id=folder.id,
            name=folders.free_name(folder, name),
            media_type=kind,
        )
        add(file, staged)
        audit.record("file.upload", member_id=member_id, file=str(file.id), size=file.size)
    return file


def check(name: str, staged: Staged) -> None:
    """:raise Refused: if the bytes broke a limit on their way in, or there are none"""
    if staged.refused == "too_large":
        most = in_words(current_app.config["MAX_FILE_SIZE"])
        said = _("“%(name)s” must be smaller than %(size)s", name=name, size=most)
        raise Refused(said, "the_file", 413)
    if staged.refused == "no_space":
        said = _("No space is left for “%(name)s”. Empty your bin or ask the admin.", name=name)
        raise Refused(said, "the_file", 413)
    if staged.refused == "disk_full":
        said = _("The disk is full, so “%(name)s” was not saved. Ask the administrator.", name=name)
        raise Refused(said, "the_file", 507)
    if staged.size == 0:
        raise Refused(_("“%(name)s” is empty", name=name), "the_file")


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
    with transaction() as session:
        if file.deleted_at is not None:
            folder = session.get_one(Folder, file.folder_id)
            file.name = folders.free_name(folder, file.name)
            file.name_key, file.deleted_at = names.key(file.name), None
            audit.record("file.undo", member_id=file.owner_id, file=str(file.id))
    return file


@contextmanager
def kept(staged: Staged) -> Iterator[None]:
    """Make ``staged`` a blob, then write the rows that point at it, in one transaction.

    What goes wrong before the commit takes the bytes along. When the commit itself fails nobody
    knows whether it was written, so they stay for the purge: bytes without a row can be removed
    later, a row without bytes can't be mended.
    """
    try:
        staged.keep()
    except OSError as error:
        current_app.logger.error("The storage refused", exc_info=error)
        said = _("The file could not be written to the disk. Ask the administrator.")
        raise Refused(said, "the_file", 507) from error
    committing = False
    try:
        with transaction():
            yield
            committing = True
    except BaseException:
        if not committing:
            storage().delete(staged.id)
        raise


def drop_row(file: File) -> None:
    """Remove the row of ``file`` and give its space back; a part of another verb."""
    db.session.execute(
        update(Member)
        .where(Member.id == file.owner_id)
        .values(used=Member.used - file.size)
        .execution_options(synchronize_session=False)
    )
    db.session.delete(file)
    db.session.flush()


def _quota(own: int | None) -> int:
    return int(current_app.config["QUOTA"] if own is None else own)


def add(file: File, staged: Staged) -> None:
    """Write the rows of a file whose bytes are kept, and count them."""
    file.name_key, file.size, file.blob_id = names.key(file.name), staged.size, staged.id
    db.session.add(Blob(id=staged.id, size=staged.size, sha256=staged.sha256))
    db.session.flush()
    db.session.add(file)
    db.session.flush()
    quota = _quota(db.session.scalar(select(Member.quota).where(Member.id == file.owner_id)))
    counted = db.session.scalar(
        update(Member)
        .where(Member.id == file.owner_id, Member.used + Member.reserved + file.size <= quota)
        .values(used=Member.used + file.size)
        .returning(Member.id)
        .execution_options(synchronize_session=False)
    )
    if counted is None:  # others were faster than this one's budget
        staged.refused = "no_space"
        check(file.name, staged)
