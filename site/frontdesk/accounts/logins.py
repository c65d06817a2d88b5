"""A member's log-ins, to look at and to end; what one is, ``sessions.py`` knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from frontdesk import audit
from frontdesk.accounts import devices, sessions
from frontdesk.accounts.models import LoginSession
from frontdesk.db import db, now, transaction


def of(member_id: UUID) -> Sequence[LoginSession]:
    """A member's log-ins that still last, the last seen first."""
    return db.session.scalars(
        select(LoginSession)
        .where(
            LoginSession.member_id == member_id,
            LoginSession.expires_at > now(),
            LoginSession.remembered | (LoginSession.seen_at > now() - sessions.idle()),
        )
        .order_by(LoginSession.seen_at.desc(), LoginSession.id)
    ).all()


def end_one(member_id: UUID, session_id: UUID) -> LoginSession | None:
    """Log one device of a member's out; None if they have no such log-in: twice is once."""
    with transaction() as database:
        mine = LoginSession.id == session_id, LoginSession.member_id == member_id
        found = database.scalar(select(LoginSession).where(*mine))
        if found is not None:
            database.delete(found)
            facts: dict[str, Any] = {"ended": str(found.id), "device": devices.kind(found.device)}
            audit.record("session.end", member_id=member_id, **facts)
    return found
