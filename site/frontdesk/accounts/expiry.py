"""What has ended by itself: log-ins, tokens, tickets, and tries that no longer count."""

from __future__ import annotations

import time
from datetime import timedelta

from flask import current_app
from sqlalchemy import ColumnElement, delete, inspect, select, tuple_

from frontdesk.accounts.models import (
    CONFIRM,
    Attempts,
    HalfLogin,
    Invite,
    LoginSession,
    Member,
    Ticket,
    Token,
    TrustedDevice,
)
from frontdesk.db import Base, now, transaction
from frontdesk.mail import Letter

AT_ONCE = 1_000  # rows in one transaction: others want to write too
SHOWN = timedelta(days=30)  # for so long a member can see that a token has ended


def remove_ended() -> int:
    """Remove the rows of what has ended; how many."""
    window = int(time.time()) - current_app.config["LOGIN_WINDOW"]
    return sum(
        _removed(kind, *which)
        for kind, which in (
            (LoginSession, [LoginSession.expires_at < now()]),
            (HalfLogin, [HalfLogin.expires_at < now()]),
            (TrustedDevice, [TrustedDevice.expires_at < now()]),
            (Token, [Token.expires_at < now() - SHOWN]),
            (Attempts, [Attempts.since < window]),
            (Invite, [Invite.expires_at < now() - SHOWN]),
            (Member, _never_confirmed()),  # before their tickets, which tell who they are
            (Ticket, [Ticket.expires_at < now()]),
            (Letter, [Letter.created_at < now() - SHOWN]),
        )
    )


def _never_confirmed() -> list[ColumnElement[bool]]:
    """Those who registered and whose address nobody confirmed while the ticket was good."""
    asked = select(Ticket.member_id).where(Ticket.kind == CONFIRM, Ticket.expires_at < now())
    return [
        Member.waiting_since.is_not(None),
        Member.email_confirmed_at.is_(None),
        Member.id.in_(asked),
    ]


def _removed(kind: type[Base], *which: ColumnElement[bool]) -> int:
    """How many rows went, some at a time."""
    key, removed = inspect(kind).primary_key, 0
    some = select(*key).where(*which).limit(AT_ONCE)
    statement = delete(kind).where(tuple_(*key).in_(some))
    while True:
        with transaction() as session:
            count = int(session.connection().execute(statement).rowcount)
        removed += count
        if count < AT_ONCE:
            return removed
