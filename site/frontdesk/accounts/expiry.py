"""What has ended by itself: log-ins, tokens, tickets, and tries that no longer count."""

from __future__ import annotations

import time
from datetime import timedelta

from flask import current_app
from sqlalchemy import Delete, delete, select

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
from frontdesk.db import now, transaction
from frontdesk.mail import Letter

SHOWN = timedelta(days=30)  # for so long a member can see that a token has ended


def remove_ended() -> int:
    """Remove the rows of what has ended; how many."""
    window = int(time.time()) - current_app.config["LOGIN_WINDOW"]
    return sum(
        _count(statement)
        for statement in (
            delete(LoginSession).where(LoginSession.expires_at < now()),
            delete(HalfLogin).where(HalfLogin.expires_at < now()),
            delete(TrustedDevice).where(TrustedDevice.expires_at < now()),
            delete(Token).where(Token.expires_at < now() - SHOWN),
            delete(Attempts).where(Attempts.since < window),
            delete(Invite).where(Invite.expires_at < now() - SHOWN),
            _never_confirmed(),  # before their tickets, which tell who they are
            delete(Ticket).where(Ticket.expires_at < now()),
            delete(Letter).where(Letter.created_at < now() - SHOWN),
        )
    )


def _never_confirmed() -> Delete:
    """Those who registered and whose address nobody confirmed while the ticket was good."""
    asked = select(Ticket.member_id).where(Ticket.kind == CONFIRM, Ticket.expires_at < now())
    return delete(Member).where(
        Member.waiting_since.is_not(None),
        Member.email_confirmed_at.is_(None),
        Member.id.in_(asked),
    )


def _count(statement: Delete) -> int:
    with transaction() as session:
        removed = session.connection().execute(statement)
        return int(removed.rowcount)
