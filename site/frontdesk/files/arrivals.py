"""Where files arrive: by a form, in pieces, from a program or as a copy, all in the same way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from flask import current_app
from flask_babel import gettext as _

from frontdesk import audit
from frontdesk.db import db, now, transaction
from frontdesk.files import folders, names, service
from frontdesk.files.kinds import media_type
from frontdesk.files.models import Blob, File, Folder, Version
from frontdesk.forms import Refused
from frontdesk.language import size as in_words
from frontdesk.storage import Staged

HEAD = 4_096  # bytes that a file's type is read off

# What happens when a file of that name is there: the new one gets a number behind its name,
# becomes that file's newest version, or isn't taken.
OnConflict = Literal["number", "version", "refuse"]
ON_CONFLICT: tuple[OnConflict, ...] = ("number", "version", "refuse")


@dataclass(slots=True)
class Arrival:
    """The file that holds the bytes now, and what became of them.

    ``same`` is a file that held them already: nothing was written, and their new copy may go.
    ``added`` is how many bytes of quota it takes.
    """

    file: File
    came: Literal["new", "version", "same"]

    @property
    def added(self) -> int:
        return 0 if self.came == "same" else self.file.size


def take_in(
    member_id: UUID,
    path: list[str],
    raw_name: str,
    staged: Staged,
    on_conflict: OnConflict = "number",
) -> Arrival:
    """Keep ``staged`` at ``path``, under the safe form of ``raw_name``.

    The bytes are safe on the disk before the row is written.

    :raise Refused: if it is empty, over a limit, the folder's name is a file's, or
        ``on_conflict`` says so
    """
    name = names.clean(raw_name)
    check(name, staged)
    staged.seek(0)
    kind = media_type(staged.read(HEAD), name)
    with kept(staged):
        folder = folders.make(member_id, path)
        arrival = arrive(folder, name, blob_of(staged), kind, on_conflict)
        charge(member_id, arrival.added, name)
    if arrival.came == "same":
        service.storage().delete(staged.id)
    return arrival


def arrive(
    folder: Folder,
    name: str,
    blob: Blob,
    media_type: str,
    on_conflict: OnConflict = "number",
    *,
    who: str = "",
) -> Arrival:
    """Write the rows of bytes that came for ``folder``; a part of another verb, which charges.

    ``blob`` may be new, or another file's whose copy this is. With "version" the file of that
    name keeps its id and its name's case, so that its links go on.

    :raise Refused: with "refuse", if something there has that name
    """
    there = folders.file_in(folder, name) if on_conflict == "version" else None
    if there is not None:
        return _next_version(there, blob, media_type, who)
    free = folders.free_name(folder, name)
    if free != name and on_conflict == "refuse":
        raise taken(name)
    file = File(owner_id=folder.owner_id, folder_id=folder.id, name=free, media_type=media_type)
    add(file, blob)
    _record("file.upload", file, who)
    return Arrival(file, "new")


def taken(name: str) -> Refused:
    """The refusal of a name that something has already."""
    said = _("“%(name)s” is there already. Choose another name.", name=name)
    return Refused(said, "the_file", 409)


def add(file: File, blob: Blob) -> None:
    """Write the rows of a file; a part of another verb, which charges."""
    file.name_key, file.size, file.blob_id = names.key(file.name), blob.size, blob.id
    db.session.add(blob)
    db.session.flush()
    db.session.add(file)
    db.session.flush()


def blob_of(staged: Staged) -> Blob:
    """The row of bytes that are kept."""
    return Blob(id=staged.id, size=staged.size, sha256=staged.sha256)


def charge(member_id: UUID, size: int, name: str) -> None:
    """Count ``size`` more bytes as used; a part of another verb.

    :raise Refused: if others were faster than this one's budget
    """
    if not service.charge(member_id, size):
        raise _no_space(name)


def check(name: str, staged: Staged) -> None:
    """:raise Refused: if the bytes broke a limit on their way in, or there are none"""
    if staged.refused == "too_large":
        most = in_words(current_app.config["MAX_FILE_SIZE"])
        said = _("“%(name)s” must be smaller than %(size)s", name=name, size=most)
        raise Refused(said, "the_file", 413)
    if staged.refused == "no_space":
        raise _no_space(name)
    if staged.refused == "disk_full":
        said = _("The disk is full, so “%(name)s” was not saved. Ask the administrator.", name=name)
        raise Refused(said, "the_file", 507)
    if staged.size == 0:
        raise Refused(_("“%(name)s” is empty", name=name), "the_file")


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
            service.storage().delete(staged.id)
        raise


def _next_version(file: File, blob: Blob, media_type: str, who: str) -> Arrival:
    """What ``file`` held becomes a version of it, unless it is these very bytes."""
    db.session.refresh(file, with_for_update=True)  # on PostgreSQL two may be here at a time
    if blob.sha256 and blob.sha256 == file.blob.sha256:
        return Arrival(file, "same")
    put(file, blob, media_type)
    _record("file.version", file, who, version=file.version)
    return Arrival(file, "version")


def put(file: File, blob: Blob, media_type: str) -> None:
    """Make ``blob`` the newest version of ``file``, which is locked; a part of another verb."""
    db.session.add(
        Version(
            file_id=file.id,
            number=file.version,
            blob_id=file.blob_id,
            size=file.size,
            media_type=file.media_type,
            created_at=file.created_at,
        )
    )
    db.session.add(blob)
    db.session.flush()
    file.blob, file.size, file.media_type = blob, blob.size, media_type
    file.version, file.created_at = file.version + 1, now()
    db.session.flush()


def _record(what: str, file: File, who: str, **facts: int) -> None:
    audit.record(what, member_id=file.owner_id, who=who, file=str(file.id), size=file.size, **facts)


def _no_space(name: str) -> Refused:
    said = _("No space is left for “%(name)s”. Empty your bin or ask the admin.", name=name)
    return Refused(said, "the_file", 413)
