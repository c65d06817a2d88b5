"""What all members together may keep: TOTAL_QUOTA, beside each one's own quota."""

from __future__ import annotations

from flask import current_app
from sqlalchemy import ColumnElement, Connection, func, select

from frontdesk.accounts.models import Member
from frontdesk.db import db

HELD = select(func.coalesce(func.sum(Member.used + Member.reserved), 0))
NO_END = 2**63 - 1


def total() -> int:
    """Bytes that all together may keep; 0 is no limit but the disk's."""
    most: int = current_app.config["TOTAL_QUOTA"]
    return most


def has_room(size: int) -> list[ColumnElement[bool]]:
    """What else must be true for ``size`` bytes more; a part of the statement that counts them.

    Members are few, so they are added up each time: nothing that could go wrong is counted beside.
    Who comes at the same moment waits, as any verb does.
    """
    if not total():
        return []
    return [HELD.scalar_subquery() + size <= total()]


def held(connection: Connection | None = None) -> int:
    """Bytes that all members have used, or that their uploads hold."""
    found = (connection or db.session).scalar(HELD)
    return int(found or 0)  # PostgreSQL adds up to a Decimal


def left(connection: Connection | None = None) -> int:
    """Bytes that all together may still keep."""
    return max(0, total() - held(connection)) if total() else NO_END
