"""The bin: what is in it, and taking something out of it for good."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from frontdesk import audit
from frontdesk.db import db, transaction
from frontdesk.files import service, thumbnails
from frontdesk.files.models import Blob, File
from frontdesk.forms import Refused

MOST_LISTED = 1_000


def in_bin(member_id: UUID) -> Sequence[File]:
    """A member's deleted files, the latest first."""
    mine = select(File).where(
        File.owner_id == member_id, File.deleted_at.is_not(None), File.folder_id.is_not(None)
    )
    return db.session.scalars(mine.order_by(File.deleted_at.desc()).limit(MOST_LISTED)).all()


def remove_for_good(file_id: UUID, member_id: UUID) -> None:
    """Take a file out of the bin for ever, and give its space back. Twice is once.

    The bytes go after the rows.

    :raise Refused: if a post holds the bytes; they go on counting
    """
    with transaction() as session:
        file = session.get(File, file_id)
        if file is None or file.owner_id != member_id or file.deleted_at is None:
            return  # somebody was faster, or brought it back in another tab
        blob_id = file.blob_id
        audit.record("file.remove", member_id=member_id, file=str(file_id), size=file.size)
        service.drop_row(file)
        _drop(blob_id)
    thumbnails.forget(blob_id)


def _drop(blob_id: UUID) -> None:
    try:
        db.session.execute(delete(Blob).where(Blob.id == blob_id))
    except IntegrityError as error:
        said = _("A post holds this file, so it stays in the bin and takes its space.")
        raise Refused(said) from error
