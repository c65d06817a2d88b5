"""A member's address: changed once the new end confirms it, and the old one too.

Each end gets a letter with a ticket of its own. Where the address was never confirmed there is no
old end to ask. Without mail nobody can be asked: then it is kept at once, unconfirmed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select

from frontdesk import audit, mail
from frontdesk.accounts import tickets
from frontdesk.accounts.attempts import count_try
from frontdesk.accounts.models import RESET, Member, Ticket, email_key
from frontdesk.db import db, now, transaction
from frontdesk.forms import Refused
from frontdesk.pages import absolute

# Tickets of their own kinds: one that confirms a registration must not be good for this.
NEW_END, OLD_END = "address-new", "address-old"
LASTS = timedelta(hours=24)
STRANGE = re.compile(r"[\x00-\x20\x7f,;:<>()\[\]\\\"]")  # would be several addresses in a letter


@dataclass(slots=True, frozen=True)
class Change:
    """A change under way: to which ``email``, until when, and which ends have not confirmed yet."""

    email: str
    until: datetime
    waits_for_new: bool
    waits_for_old: bool


def key(email: str) -> str:
    """What makes two addresses the same, here and wherever else one is looked for."""
    return email_key(email)


def ask(member_id: UUID, email: str) -> bool:
    """Begin to change a member's address, or without mail do it; whether letters are on their way.

    An address that is another member's is answered alike; only who reads its letters learns why
    nothing comes of it.

    :raise Refused: if it is none, or theirs already
    :raise TooManyTries: after LOGIN_TRIES letters
    """
    email = unicodedata.normalize("NFC", email.strip())
    if STRANGE.search(email):
        raise Refused(_("Enter an email address like name@example.com"), "email")
    if not mail.is_on():
        _keep_at_once(member_id, email)
        return False
    count_try({f"address:{member_id}": current_app.config["LOGIN_TRIES"]})
    with transaction():
        member = db.session.get_one(Member, member_id, with_for_update=True)
        if key(email) == member.email_key and member.email_confirmed_at:
            raise Refused(_("This is your address already. Enter another one."), "email")
        _forget(member_id)
        has_old_end = bool(member.email and member.email_confirmed_at)
        _write_to_new(member, email, last=not has_old_end)
        if has_old_end:
            _write_to_old(member, email)
        audit.record("member.address-ask", member_id=member_id)
    return True


def under_way(member_id: UUID) -> Change | None:
    """The change that waits for a confirmation."""
    mine = select(Ticket).where(
        Ticket.member_id == member_id,
        Ticket.kind.in_((NEW_END, OLD_END)),
        Ticket.expires_at > now(),
    )
    found = {ticket.kind: ticket for ticket in db.session.scalars(mine)}
    if not found:
        return None
    one = next(iter(found.values()))
    return Change(one.facts["email"], one.expires_at, NEW_END in found, OLD_END in found)


def find(secret: str) -> Ticket | None:
    """The ticket of either end, while it is good."""
    return tickets.find(NEW_END, secret) or tickets.find(OLD_END, secret)


def confirm(secret: str) -> bool | None:
    """One end says yes. Whether the address is changed by that; None if the ticket is no good.

    :raise Refused: if the address has become another member's meanwhile
    """
    with transaction():
        ticket = _lock(secret)
        if ticket is None:
            return None
        member = db.session.get_one(Member, ticket.member_id)
        tickets.redeem(ticket.kind, secret)
        if not ticket.facts["last"]:
            _leave_to_other_end(ticket)
            audit.record("member.address-confirm", member_id=member.id, who=member.username)
            return False
        email = ticket.facts["email"]
        if _is_taken(member.id, email):
            raise Refused(_("This address belongs to another account. Nothing was changed."))
        member.email, member.email_key, member.email_confirmed_at = email, key(email), now()
        tickets.void(RESET, member.id)  # they lie in the mailbox that it was
        audit.record("member.address", member_id=member.id, who=member.username)
        return True


def stop(secret: str) -> bool:
    """One end says no: the change is off. False if the ticket is no good."""
    with transaction():
        ticket = _lock(secret)
        if ticket is None:
            return False
        _forget(ticket.member_id)
        audit.record("member.address-stop", member_id=ticket.member_id)
        return True


def cancel(member_id: UUID) -> None:
    """The member thinks better of it. Twice is once."""
    with transaction():
        _forget(member_id)
        audit.record("member.address-stop", member_id=member_id)


def _keep_at_once(member_id: UUID, email: str) -> None:
    with transaction():
        member = db.session.get_one(Member, member_id, with_for_update=True)
        if key(email) != member.email_key:
            member.email_confirmed_at = None
        member.email, member.email_key = email, key(email)
        tickets.void(RESET, member_id)
        audit.record("member.address", member_id=member_id)


def _write_to_new(member: Member, email: str, *, last: bool) -> None:
    secret = tickets.issue(NEW_END, member.id, LASTS, email=email, last=last)
    # A taken one has a ticket too, which nobody is given: the asker's page looks alike.
    template = "address_taken" if _is_taken(member.id, email) else "address_new"
    _write(email, template, member, secret, email)


def _write_to_old(member: Member, email: str) -> None:
    secret = tickets.issue(OLD_END, member.id, LASTS, email=email, last=False)
    _write(member.email, "address_old", member, secret, email)


def _write(to: str, template: str, member: Member, secret: str, email: str) -> None:
    address = absolute("profile.confirm_address", secret=secret)
    facts = {"member": member, "address": address, "email": email, "until": now() + LASTS}
    mail.send(to, template, member.language, member.timezone, **facts)


def _lock(secret: str) -> Ticket | None:
    """The ticket of either end, while no other request does anything to the member's address."""
    ticket = find(secret)
    if ticket is None:
        return None
    locked = select(Member.id).where(Member.id == ticket.member_id).with_for_update()
    db.session.execute(locked)
    return find(secret)  # the other end may have stopped it meanwhile


def _forget(member_id: UUID) -> None:
    for kind in (NEW_END, OLD_END):
        tickets.void(kind, member_id)


def _leave_to_other_end(ticket: Ticket) -> None:
    """One end has said yes: from now on the other one is the last to be asked."""
    others = select(Ticket).where(
        Ticket.member_id == ticket.member_id,
        Ticket.kind == (OLD_END if ticket.kind == NEW_END else NEW_END),
    )
    for other in db.session.scalars(others):
        other.facts = {**other.facts, "last": True}


def _is_taken(member_id: UUID, email: str) -> bool:
    """Whether another member has confirmed it; who only wrote it down has no right to it."""
    others = select(Member.id).where(
        Member.email_key == key(email),
        Member.email_confirmed_at.is_not(None),
        Member.id != member_id,
    )
    return db.session.scalar(others.limit(1)) is not None
