"""Invites: a secret in an address, and whoever holds it may make an account.

An invite lasts only as long as who made it may make such a one: when they are disabled, demoted or
gone, it has ended. No account exists before somebody accepts.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import abort, current_app
from flask_babel import gettext as _
from sqlalchemy import func, select, update

from frontdesk import audit, mail
from frontdesk.accounts import confirming, secrets, service
from frontdesk.accounts.attempts import count_try
from frontdesk.accounts.models import ADMIN, MEMBER, Invite, Member, email_key
from frontdesk.accounts.passwords import check_new_password, hash_password
from frontdesk.db import db, now, transaction
from frontdesk.forms import Refused
from frontdesk.language import language
from frontdesk.pages import absolute

MOST_OPEN = 20  # a member's; an admin has no such limit
LETTERS = 20  # of a member's in one window, so that nobody floods others' mailboxes

# Who made it stands beside it: whether it still counts depends on both.
LISTED: Any = select(
    Invite.id,
    Invite.created_at,
    Invite.created_by,
    Invite.expires_at,
    Invite.revoked_at,
    Invite.email,
    Invite.role,
    Invite.quota,
    Invite.most_uses,
    Invite.uses,
    Member.username,
    Member.role.label("maker_role"),
    Member.disabled_at,
    Member.leaves_at,
).outerjoin(Member, Member.id == Invite.created_by)


@dataclass(slots=True, frozen=True)
class Terms:
    """What an invite gives: sizes in bytes, a ``quota`` of None is the site's."""

    email: str = ""
    role: str = MEMBER
    most_uses: int = 1
    quota: int | None = None
    lasts: timedelta | None = None


@dataclass(slots=True, frozen=True)
class Newcomer:
    """What somebody says of themselves who makes an account."""

    username: str
    password: str
    email: str = ""
    display_name: str = ""


def members_may() -> bool:
    """Whether who is no admin may invite."""
    return bool(current_app.config["MEMBERS_MAY_INVITE"])


def state(row: Any) -> str:
    """``open``, ``used``, ``revoked``, ``expired``, or ``orphan``: who made it may no more."""
    if row.revoked_at:
        return "revoked"
    if row.uses >= row.most_uses:
        return "used"
    if row.expires_at <= now():
        return "expired"
    return "open" if _stands(row) else "orphan"


def create(maker: Any, invite_id: UUID, terms: Terms) -> str:
    """Make an invite and send it by letter, if it names an address; its address, shown once.

    ``invite_id`` is the asking page's own, so that sending its form again makes no second one.

    :raise Refused: if that was made already, or the member has too many
    :raise TooManyTries: if a member sends too many letters
    """
    if not maker.is_admin:
        _limit(maker.id, terms)
    lasts = terms.lasts or timedelta(seconds=current_app.config["INVITE_EXPIRY"])
    secret = secrets.make()
    with transaction() as session:
        if session.get(Invite, invite_id):
            raise Refused(
                _("This invite is made already, and can not be shown again. Make another.")
            )
        invite = Invite(
            id=invite_id,
            token_hash=secrets.digest(secret),
            created_by=maker.id,
            expires_at=now() + lasts,
            email=terms.email,
            role=terms.role,
            quota=terms.quota,
            most_uses=terms.most_uses,
        )
        session.add(invite)
        facts: dict[str, Any] = {"made": str(invite_id), "role": terms.role, "to": terms.email}
        audit.record("invite.create", member_id=maker.id, uses=terms.most_uses, **facts)
        _send(maker, invite, secret)
    return absolute("accounts.invite", token=secret)


def find(token: str) -> Any:
    """The invite that somebody holds, and who made it.

    :raise 404: if there never was one
    :raise 410: if it was revoked or used up, has expired, or who made it may invite no more
    """
    row = db.session.execute(LISTED.where(Invite.token_hash == secrets.digest(token))).first()
    if row is None:
        abort(404)
    if state(row) != "open":
        abort(410)
    return row


def accept(token: str, who: Newcomer, letter: str = "") -> Member:
    """Make the account that an invite promises.

    ``letter`` is what only the letter's link carries: then the invite's address is theirs for sure.

    :raise Refused: if the username is taken or unusable, or the password too weak
    :raise 410: if somebody else was faster, or the invite has ended
    """
    username = service.check_username(who.username)
    check_new_password(who.password, username)
    password_hash = hash_password(who.password)
    with transaction() as session:
        invite = find(token)
        is_theirs = _came_by_letter(token, invite.email, letter, who.email)
        member = service.add(
            username,
            password_hash,
            invite.role,
            who.email.strip(),
            display_name=who.display_name,
            quota=invite.quota,
            language=language(),
            email_confirmed_at=now() if is_theirs else None,
        )
        free = Invite.id == invite.id, Invite.uses < Invite.most_uses
        used = update(Invite).where(*free).values(uses=Invite.uses + 1).returning(Invite.id)
        if session.scalar(used) is None:
            abort(410)
        facts = {"invite": str(invite.id), "by": invite.username}
        audit.record("invite.accept", member_id=member.id, who=username, **facts)
        if not is_theirs:
            confirming.ask(member)
    return member


def revoke(invite_id: UUID, maker_id: UUID | None = None) -> bool:
    """End an invite; ``maker_id`` must have made it, where it is given. False if there is none."""
    with transaction() as session:
        invite = session.get(Invite, invite_id)
        if invite is None or maker_id not in {None, invite.created_by}:
            return False
        if invite.revoked_at is None:
            invite.revoked_at = now()
            audit.record("invite.revoke", revoked=str(invite_id), to=invite.email)
    return True


def seal(token: str, email: str) -> str:
    """What the letter's link carries besides the token: who has it has read the letter."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    words = f"invite {token} {email_key(email)}".encode(errors="replace")
    return hmac.digest(key, words, hashlib.sha256)[:16].hex()


def _stands(row: Any) -> bool:
    """Whether who made it could make it now."""
    if row.username is None or row.disabled_at or row.leaves_at:
        return False
    is_plain = (row.role, row.quota, row.most_uses) == (MEMBER, None, 1)
    return row.maker_role == ADMIN or (members_may() and is_plain)


def _limit(member_id: UUID, terms: Terms) -> None:
    """:raise Refused: if a member has too many open invites, or sends too many letters"""
    mine = Invite.created_by == member_id, Invite.revoked_at.is_(None), Invite.uses == 0
    count = select(func.count()).select_from(Invite).where(*mine, Invite.expires_at > now())
    if (db.session.scalar(count) or 0) >= MOST_OPEN:
        raise Refused(_("You have %(n)s open invites. Revoke one first.", n=MOST_OPEN))
    if terms.email and mail.is_on():
        count_try({f"invites:{member_id}": LETTERS})


def _send(maker: Any, invite: Invite, secret: str) -> None:
    letter = seal(secret, invite.email)
    address = absolute("accounts.invite", token=secret, letter=letter)
    facts = {"who": maker.shown_name, "address": address, "until": invite.expires_at}
    mail.send(invite.email, "invite", **facts)


def _came_by_letter(token: str, invited: str, letter: str, email: str) -> bool:
    is_same = bool(invited) and email_key(email) == email_key(invited)
    return is_same and hmac.compare_digest(seal(token, invited).encode(), letter.encode())
