"""How bytes are kept: first a blob that no power cut takes, then the rows, then the count."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from flask import current_app
from flask_babel import gettext as _

from frontdesk.db import db, transaction
from frontdesk.files import names, service
from frontdesk.files.models import Blob, File
from frontdesk.forms import Refused
from frontdesk.language import size as in_words
from frontdesk.storage import Staged


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


def blob_of(staged: Staged) -> Blob:
    """The row of bytes that are kept."""
    return Blob(id=staged.id, size=staged.size, sha256=staged.sha256)


def add(file: File, blob: Blob) -> None:
    """Write the rows of a file; a part of another verb, which charges."""
    file.name_key, file.size, file.blob_id = names.key(file.name), blob.size, blob.id
    db.session.add(blob)
    db.session.flush()
    db.session.add(file)
    db.session.flush()


def charge(member_id: UUID, size: int, name: str) -> None:
    """Count ``size`` more bytes as used; a part of another verb.

    :raise Refused: if others were faster than this one's budget
    """
    if not service.charge(member_id, size):
        raise _no_space(name)


def _no_space(name: str) -> Refused:
    said = _("No space is left for “%(name)s”. Empty your bin or ask the admin.", name=name)
    return Refused(said, "the_file", 413)
