"""What an admin does to a member: role, quota, and the end of their log-ins."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func, select

from frontdesk import audit
from frontdesk.accounts import admins, sessions, tokens
from frontdesk.accounts.models import (
    ADMIN,
    MEMBER,
    Authenticator,
    HalfLogin,
    LoginSession,
    Member,
    Passkey,
    Ticket,
    Token,
    TrustedDevice,
)
from frontdesk.db import db, transaction

# Rows of any other role are no account any more: only a name that others' things still need.
HERE = Member.role.in_((ADMIN, MEMBER))
# What a device or a program holds that lets it in as a member.
WAYS_IN = (HalfLogin, TrustedDevice, Ticket)


def set_role(member: Member, role: str) -> None:
    """Make ``member`` an admin or a member, from their next request on. Twice is once.

    :raise Refused: if no admin would be left
    """
    with transaction():
        if member.role == role:
            return
        if member.role == ADMIN:
            admins.check_not_last(member)
        member.role = role
        audit.record("member.role", member_id=member.id, of=member.username, role=role)


def set_quota(member: Member, quota: int | None) -> None:
    """Let ``member`` keep so many bytes; None is what the site lets everybody."""
    with transaction():
        if member.quota != quota:
            member.quota = quota
            audit.record("member.quota", member_id=member.id, of=member.username, quota=quota)


def sessions_of(member_id: UUID) -> Sequence[LoginSession]:
    """Where a member is logged in, the device seen last first."""
    theirs = select(LoginSession).where(LoginSession.member_id == member_id)
    return db.session.scalars(theirs.order_by(LoginSession.seen_at.desc())).all()


def tokens_of(member_id: UUID) -> int:
    """How many tokens a member has."""
    return len(db.session.scalars(select(Token.id).where(Token.member_id == member_id)).all())


def second_steps_of(member_id: UUID) -> tuple[bool, int]:
    """Whether a member has an authenticator app, and how many passkeys."""
    app = db.session.get(Authenticator, member_id)
    keys = db.session.scalars(select(Passkey.id).where(Passkey.member_id == member_id)).all()
    return bool(app and app.confirmed_at), len(keys)


def end_session(member: Member, session_id: UUID) -> bool:
    """Log ``member`` out on one device; whether they were logged in there. Twice is once."""
    with transaction() as session:
        theirs = LoginSession.id == session_id, LoginSession.member_id == member.id
        found = session.scalar(select(LoginSession).where(*theirs))
        if found is not None:
            session.delete(found)
            audit.record("session.end", member_id=member.id, of=member.username)
    return found is not None


def end_sessions(member: Member) -> None:
    """Log ``member`` out everywhere; tokens and trusted devices go on."""
    with transaction():
        sessions.end_all(member.id)
        audit.record("session.end-all", member_id=member.id, of=member.username)


def end_everything(member: Member) -> None:
    """End all that lets ``member`` in but password and second step: for a stolen account."""
    with transaction() as session:
        sessions.end_all(member.id)
        tokens.revoke_all(member.id)
        for way in WAYS_IN:
            session.execute(delete(way).where(way.member_id == member.id))
        audit.record("member.end-everything", member_id=member.id, of=member.username)


def count() -> int:
    """How many accounts there are."""
    return db.session.scalar(select(func.count(Member.id)).where(HERE)) or 0


def count_waiting() -> int:
    """How many have registered and wait for an admin's yes."""
    waiting = Member.waiting_since.is_not(None), Member.disabled_at.is_(None)
    return db.session.scalar(select(func.count(Member.id)).where(*waiting)) or 0
