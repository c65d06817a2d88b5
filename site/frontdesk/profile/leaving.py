"""Leaving: asked for, taken back for DELETE_GRACE seconds, then done for good by the purge."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from flask import current_app, has_request_context
from sqlalchemy import delete, select

from frontdesk import audit, mail
from frontdesk.accounts import admins, sessions, tokens
from frontdesk.accounts.models import LEFT, Member
from frontdesk.db import db, now, transaction
from frontdesk.files import blobs, purge, removal, unfinished
from frontdesk.forms import Refused
from frontdesk.pages import absolute
from frontdesk.posts import parting


def ask(member_id: UUID) -> datetime:
    """Let a member's account end after the grace; they are logged out everywhere. Since when.

    Twice is once: the day stays.

    :raise Refused: for the last admin
    """
    with transaction():
        member = db.session.get_one(Member, member_id, with_for_update=True)
        admins.check_not_last(member)
        if member.leaves_at is None:
            grace = timedelta(seconds=current_app.config["DELETE_GRACE"])
            member.leaves_at = now() + grace
            audit.record("member.leave", member_id=member_id, days=grace.days)
            _tell(member)
        sessions.end_all(member_id)
        tokens.revoke_all(member_id)
        return member.leaves_at


def keep(member_id: UUID) -> None:
    """Let the account stay. Twice is once."""
    with transaction():
        member = db.session.get_one(Member, member_id, with_for_update=True)
        if member.leaves_at is not None:
            member.leaves_at = None
            audit.record("member.keep", member_id=member_id)


def due() -> Sequence[UUID]:
    """Whose grace is over."""
    over = select(Member.id).where(Member.leaves_at <= now(), Member.role != LEFT)
    return db.session.scalars(over.order_by(Member.leaves_at)).all()


def remove(member_id: UUID, *, if_due: bool = False) -> bool:
    """Remove an account and all that is its own, now; with ``if_due`` only if its grace is over.

    It is closed first, then emptied piece by piece, so that others can write meanwhile; where it
    was cut off, the next purge goes on. False if there was nothing to remove.

    :raise Refused: for the last admin
    """
    if not _close(member_id, if_due):
        return False
    unfinished.discard_all(member_id)
    removal.remove_all(member_id)
    with transaction() as session:
        member = session.get(Member, member_id)
        if member is None:
            return False
        dropped = parting.part(member)
        blobs.let_go(member_id)
        audit.record("member.remove", name=member.username)
        session.expire_all()  # the database removes what belongs to the row, unseen by us
        session.execute(delete(Member).where(Member.id == member_id))
    blobs.forget(dropped)
    return True


@purge.also("members")
def remove_due() -> int:
    """Remove those whose grace is over; how many."""
    removed = 0
    for member_id in due():
        try:
            removed += remove(member_id, if_due=True)
        except Refused as no:
            current_app.logger.warning("An account could not be removed: %s", no.why)
    return removed


def _close(member_id: UUID, if_due: bool) -> bool:
    """Nobody comes in any more, and no upload goes on."""
    with transaction() as session:
        member = session.get(Member, member_id, with_for_update=True)
        if member is None or (if_due and not _is_due(member)):
            return False  # somebody was faster, or they keep it
        admins.check_not_last(member)
        member.leaves_at = min(member.leaves_at or now(), now())
        member.disabled_at = member.disabled_at or now()
        member.picture_id = None
        sessions.end_all(member_id)
        tokens.revoke_all(member_id)
        return True


def _is_due(member: Member) -> bool:
    return member.leaves_at is not None and member.leaves_at <= now()


def _tell(member: Member) -> None:
    if has_request_context():
        facts = {"member": member, "address": absolute("accounts.login")}
        mail.send(member.email, "leaving", member.language, member.timezone, **facts)
