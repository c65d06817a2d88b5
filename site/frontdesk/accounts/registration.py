"""Registration: somebody makes an account by themselves, and an admin lets them in.

A taken address is answered exactly like a fresh one: the row is made, the name is held, and the
letter goes to whom the address belongs. What nobody confirms is removed (see ``expiry.py``).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import func, select

from frontdesk import audit, mail
from frontdesk.accounts import confirming, secrets, service
from frontdesk.accounts.attempts import count_try, network
from frontdesk.accounts.invites import Newcomer
from frontdesk.accounts.models import MEMBER, Member, email_key
from frontdesk.accounts.passwords import check_new_password, hash_password
from frontdesk.db import db, now, transaction
from frontdesk.forms import Refused
from frontdesk.language import language
from frontdesk.pages import absolute

MOST_WAITING = 500
LETTERS = 3  # to one address in one window
WAITING: Any = select(
    Member.id,
    Member.username,
    Member.email,
    Member.waiting_since,
    Member.email_confirmed_at,
    confirming.is_asked().label("is_asked"),
).where(Member.waiting_since.is_not(None))


def is_open() -> bool:
    """Whether anybody may register."""
    return bool(current_app.config["REGISTRATION"] == "open")


def register(who: Newcomer, address: str) -> None:
    """Make an account that waits for an admin's yes.

    :raise Refused: if the username is taken or unusable, or the password too weak
    :raise TooManyTries: after REGISTER_TRIES from one address, whatever came of them
    """
    username = service.check_username(who.username)
    check_new_password(who.password, username)
    limits = {f"register:{network(address)}": current_app.config["REGISTER_TRIES"]}
    if who.email:
        limits[f"register-to:{secrets.digest(email_key(who.email))}"] = LETTERS
    count_try(limits)
    password_hash = hash_password(who.password)
    with transaction() as session:
        count = select(func.count()).select_from(WAITING.subquery())
        if (session.scalar(count) or 0) >= MOST_WAITING:
            raise Refused(_("Too many people are waiting to be let in. Try again tomorrow."))
        facts: dict[str, Any] = {"waiting_since": now(), "language": language()}
        member = service.add(username, password_hash, MEMBER, who.email.strip(), **facts)
        audit.record("member.register", member_id=member.id, who=username)
        confirming.ask(member)


def admit(member_id: UUID) -> str | None:
    """Let somebody in who waits, and write to them; their name. None if nobody of that id waits.

    :raise Refused: if their address is not confirmed yet
    """
    with transaction() as session:
        member = _waiting(member_id)
        if member is None:
            return None
        if session.scalar(select(Member.id).where(Member.id == member_id, confirming.is_asked())):
            raise Refused(_("Their address is not confirmed yet. They have a letter that asks."))
        member.waiting_since = None
        audit.record("member.admit", member_id=member_id, admitted=member.username)
        if member.email_confirmed_at:
            facts = {"name": member.username, "address": absolute("accounts.login")}
            mail.send(member.email, "admitted", member.language, **facts)
        return member.username


def turn_away(member_id: UUID) -> str | None:
    """Remove the account of somebody who waits; their name. None if nobody of that id does."""
    with transaction() as session:
        member = _waiting(member_id)
        if member is None:
            return None
        name = member.username
        session.delete(member)
        audit.record("member.turn-away", turned_away=name)
    return name


def _waiting(member_id: UUID) -> Member | None:
    mine = Member.id == member_id, Member.waiting_since.is_not(None)
    return db.session.scalar(select(Member).where(*mine))
