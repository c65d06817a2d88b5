"""What can be done with a profile."""

from __future__ import annotations

import tempfile
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select, update
from werkzeug.datastructures import FileStorage

from frontdesk import audit
from frontdesk.accounts.models import Member
from frontdesk.db import db, transaction
from frontdesk.files import portraits
from frontdesk.files import service as files
from frontdesk.files.models import File


def get(member_id: UUID) -> Member:
    """The member whose profile it is."""
    return db.session.get_one(Member, member_id)


def amount(member_id: UUID) -> int:
    """How many files a member has, those in the bin too."""
    mine = select(func.count(File.id)).where(File.owner_id == member_id)
    return db.session.scalar(mine.where(File.folder_id.is_not(None))) or 0


def save(member_id: UUID, **facts: str) -> None:
    """Keep ``display_name``, ``about``, ``theme``, ``language`` or ``timezone``."""
    with transaction() as session:
        session.execute(update(Member).where(Member.id == member_id).values(**facts))
        audit.record("member.profile", member_id=member_id)


def save_picture(member_id: UUID, image: FileStorage) -> None:
    """Make ``image`` the member's picture.

    :raise Refused: if it isn't a picture
    """
    with tempfile.NamedTemporaryFile() as source, files.storage().begin() as staged:
        image.save(source)
        source.flush()
        portraits.keep_picture(member_id, staged, Path(source.name))
