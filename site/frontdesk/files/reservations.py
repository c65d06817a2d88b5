"""Space that a member's quota holds for uploads: from their first byte on, until their last."""

from __future__ import annotations

from uuid import UUID

from flask import abort
from flask_babel import gettext as _
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from frontdesk import audit
from frontdesk.accounts.models import Member
from frontdesk.db import transaction
from frontdesk.files import service
from frontdesk.files.models import Upload


def release(upload_id: UUID) -> None:
    """Give back what was held for an upload that ended without a file. Twice is once."""
    with transaction() as session:
        row = session.get(Upload, upload_id)
        if row is not None:
            count_off(session, row)
            audit.record("upload.end", member_id=row.owner_id, upload=str(row.id))


def count(session: Session, member_id: UUID) -> int:
    """How many unfinished uploads a member has."""
    mine = select(func.count()).select_from(Upload).where(Upload.owner_id == member_id)
    return session.scalar(mine) or 0


def row_of(session: Session, upload_id: UUID) -> Upload:
    """:raise 404: if there is none; say, because its member has gone"""
    row = session.get(Upload, upload_id)
    if row is None:
        abort(404)
    return row


def of_parts(session: Session, member_id: UUID, addresses: list[str]) -> int:
    """What is held for the parts of a whole; from now on they hold nothing."""
    ids = {_id_in(address) for address in addresses}
    mine = select(Upload).where(Upload.id.in_(ids), Upload.owner_id == member_id)
    held = 0
    for part in session.scalars(mine):
        held, part.reserved = held + part.reserved, 0
    return held


def owner_of_part(session: Session, address: str) -> Member:
    """:raise 404: if the part has gone"""
    return session.get_one(Member, row_of(session, _id_in(address)).owner_id)


def _id_in(address: str) -> UUID:
    return UUID(address.partition("?")[0].rpartition("/")[2])


def hold(session: Session, row: Upload, size: int) -> None:
    """Hold ``size`` bytes in all, by one conditional update: together no two get too much."""
    more = size - row.reserved
    if more <= 0:
        return
    if not service.charge(row.owner_id, more, Member.reserved):
        said = _("No space is left for “%(name)s”. Empty your bin or ask the admin.", name=row.name)
        abort(413, said)
    row.reserved = size


def count_off(session: Session, row: Upload, size: int = 0) -> None:
    """Hold nothing more; ``size`` of it is used now."""
    session.execute(
        update(Member)
        .where(Member.id == row.owner_id)
        .values(used=Member.used + size, reserved=Member.reserved - row.reserved)
        .execution_options(synchronize_session=False)
    )
    session.delete(row)
