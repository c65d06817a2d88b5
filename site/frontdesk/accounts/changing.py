"""A new password: what it ends, whoever gives it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete

from frontdesk import audit, mail
from frontdesk.accounts import commonest, sessions, tickets, tokens
from frontdesk.accounts.models import RESET, HalfLogin, Member, TrustedDevice
from frontdesk.accounts.passwords import check_new_password, hash_password
from frontdesk.db import db, now, transaction
from frontdesk.pages import absolute


def change(
    member_id: UUID, session_id: UUID, password: str, field: str, *, everywhere: bool
) -> Member:
    """Keep the ``password`` that a member chose, who has just shown the old one.

    Where ``session_id`` is they stay logged in. ``everywhere`` ends their other log-ins and all of
    their tokens.

    :raise Refused: about ``field``, if it is too weak
    """
    member = db.session.get_one(Member, member_id)
    check_new_password(password, member.username, field, words_of(member))
    password_hash = hash_password(password)
    with transaction():
        keep(member, password_hash, by="member", but=session_id, everywhere=everywhere)
    return member


def keep(
    member: Member, password_hash: str, *, by: str, but: UUID | None = None, everywhere: bool = True
) -> None:
    """Keep the hash of a new password; a part of another verb.

    Whatever the old one had begun ends: links to reset it, log-ins that wait for the second step,
    and the trust in devices. ``everywhere`` ends log-ins, ``but`` for that one, and tokens too.
    ``by`` is for the log: member, admin or reset.
    """
    member.password_hash, member.password_at = password_hash, now()
    end_begun(member.id)
    if everywhere:
        sessions.end_all(member.id, but)
        tokens.revoke_all(member.id)
    audit.record(
        "member.password", member_id=member.id, who=member.username, by=by, everywhere=everywhere
    )
    mail.send(
        member.email,
        "password_changed",
        member.language,
        name=member.username,
        forgot=absolute("accounts.forgot"),
    )


def end_begun(member_id: UUID) -> None:
    """End what may become a log-in: links to reset, half log-ins, trust in devices.

    A part of another verb.
    """
    tickets.void(RESET, member_id)
    for model in (HalfLogin, TrustedDevice):
        db.session.execute(delete(model).where(model.member_id == member_id))


def words_of(member: Member) -> list[str]:
    """What somebody would try first as this member's password."""
    return commonest.own_words(member.username, member.email, member.display_name)
