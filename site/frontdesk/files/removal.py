"""The bin: what is in it, and taking something out of it for good."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from frontdesk import audit
from frontdesk.accounts.models import Member
from frontdesk.db import db, transaction
from frontdesk.files import thumbnails
from frontdesk.files.models import Blob, File

MOST_LISTED = 1_000


def in_bin(member_id: UUID) -> Sequence[File]:
    """A member's deleted files, the latest first."""
    mine = select(File).where(
        File.owner_id == member_id, File.deleted_at.is_not(None), File.folder_id.is_not(None)
    )
    return db.session.scalars(mine.order_by(File.deleted_at.desc()).limit(MOST_LISTED)).all()


def remove_for_good(file: File) -> None:
    """Take ``file`` out of the bin for ever, and give its space back.

    The bytes go after the rows, and only if nothing else points at them: a post keeps what was
    sent with it.
    """
    blob_id = file.blob_id
    with transaction() as session:
        session.execute(
            update(Member)
            .where(Member.id == file.owner_id)
            .values(used=Member.used - file.size)
            .execution_options(synchronize_session=False)
        )
        audit.record("file.remove", member_id=file.owner_id, file=str(file.id), size=file.size)
        session.delete(file)
        session.flush()
        is_free = _drop(blob_id)
    if is_free:
        thumbnails.forget(blob_id)


def _drop(blob_id: UUID) -> bool:
    """Remove the row of a blob; False if something still points at it."""
    try:
        with db.session.begin_nested():
            db.session.execute(delete(Blob).where(Blob.id == blob_id))
    except IntegrityError:
        return False
    return True
