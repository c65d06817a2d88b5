"""Whether a newcomer's address is theirs: a letter leads there, and a button in it says yes."""

from __future__ import annotations

from datetime import timedelta

from flask import abort
from sqlalchemy import ColumnElement, exists, select

from frontdesk import audit, mail
from frontdesk.accounts import tickets
from frontdesk.accounts.models import ADMIN, CONFIRM, Member, Ticket
from frontdesk.db import db, now, transaction
from frontdesk.pages import absolute

LASTS = timedelta(hours=48)


def ask(member: Member) -> None:
    """Send a new member the letter that asks; without mail nobody is asked. Part of a verb."""
    if not mail.is_on() or not member.email:
        return
    secret = tickets.issue(CONFIRM, member.id, LASTS, email=member.email)
    owner = _owner(member)
    if owner:  # they get to know; whoever typed the address doesn't
        facts = {"name": owner.username, "address": absolute("accounts.login")}
        mail.send(owner.email, "taken", owner.language, **facts)
    else:
        facts = {"name": member.username, "address": absolute("accounts.confirm", secret=secret)}
        mail.send(member.email, "confirm", member.language, **facts)


def find(secret: str) -> Member:
    """Whose address the ticket confirms.

    :raise 410: if it was used, has ended or never was: that differs for nobody but a guesser
    """
    ticket = tickets.find(CONFIRM, secret)
    member = _newcomer(ticket) if ticket else None
    if member is None:
        abort(410)
    return member


def confirm(secret: str) -> Member:
    """The address is theirs. Who waits for an admin is shown to them now, and they get a letter.

    :raise 410: as :func:`find` says
    """
    with transaction():
        find(secret)
        ticket = tickets.redeem(CONFIRM, secret)
        member = _newcomer(ticket) if ticket else None
        if member is None or _owner(member):
            abort(410)
        member.email_confirmed_at = now()
        audit.record("member.confirm", member_id=member.id, who=member.username)
        if member.waiting_since:
            tell_admins(member)
    return member


def tell_admins(newcomer: Member) -> None:
    """Write to the admins that somebody waits; a part of another verb."""
    reached = Member.email_confirmed_at.is_not(None), Member.disabled_at.is_(None)
    facts = {"name": newcomer.username, "address": absolute("admin.waiting")}
    for admin in db.session.scalars(select(Member).where(Member.role == ADMIN, *reached)).all():
        mail.send(admin.email, "waiting", admin.language, **facts)


def is_asked() -> ColumnElement[bool]:
    """Of a member: their address was asked to be confirmed, and is not yet."""
    asked = exists().where(Ticket.member_id == Member.id, Ticket.kind == CONFIRM)
    return Member.email_confirmed_at.is_(None) & asked


def _newcomer(ticket: Ticket) -> Member | None:
    """Who was asked for the very address they have; other pages confirm changes of it."""
    member = db.session.get(Member, ticket.member_id)
    is_same = member is not None and ticket.facts == {"email": member.email}
    return member if is_same and member and not member.email_confirmed_at else None


def _owner(member: Member) -> Member | None:
    """Who else has that address here, and doesn't just say so."""
    known = Member.waiting_since.is_(None) | Member.email_confirmed_at.is_not(None)
    same = Member.email_key == member.email_key, Member.id != member.id
    return db.session.scalar(select(Member).where(*same, known).limit(1))
