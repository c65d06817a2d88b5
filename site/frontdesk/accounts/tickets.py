"""Tickets: secrets in an address that are good for one deed, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, select

from frontdesk.accounts import secrets
from frontdesk.accounts.models import Ticket
from frontdesk.db import db, now


def issue(kind: str, member_id: UUID, lasts: timedelta, **facts: Any) -> str:
    """A new ticket's secret; the row keeps only its digest. A part of another verb."""
    secret = secrets.make()
    db.session.add(
        Ticket(
            token_hash=secrets.digest(secret),
            kind=kind,
            member_id=member_id,
            expires_at=now() + lasts,
            facts=facts,
        )
    )
    return secret


def find(kind: str, secret: str) -> Ticket | None:
    """The ticket, while it is good. To look only: :func:`redeem` is what counts."""
    return db.session.scalar(_good(kind, secret))


def redeem(kind: str, secret: str) -> Ticket | None:
    """Use it up; None if it was used, has ended or never was. A part of another verb."""
    ticket = db.session.scalar(_good(kind, secret).with_for_update())  # two at once: one finds it
    if ticket is not None:
        db.session.delete(ticket)
        db.session.flush()
    return ticket


def void(kind: str, member_id: UUID) -> None:
    """End all of a member's of that kind; a part of another verb."""
    mine = Ticket.member_id == member_id, Ticket.kind == kind
    db.session.execute(delete(Ticket).where(*mine))


def _good(kind: str, secret: str) -> Select[Ticket]:
    return select(Ticket).where(
        Ticket.token_hash == secrets.digest(secret),
        Ticket.kind == kind,
        Ticket.expires_at > now(),
    )
