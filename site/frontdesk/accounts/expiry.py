"""What has ended by itself: log-ins, tokens, tickets, and tries that no longer count."""

from __future__ import annotations

import time
from datetime import timedelta

from flask import current_app
from sqlalchemy import Delete, delete

from frontdesk.accounts.models import (
    Attempts,
    HalfLogin,
    LoginSession,
    Ticket,
    Token,
    TrustedDevice,
)
from frontdesk.db import now, transaction

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
            delete(Ticket).where(Ticket.expires_at < now()),
            delete(Attempts).where(Attempts.since < window),
        )
    )


def _count(statement: Delete) -> int:
    with transaction() as session:
        removed = session.connection().execute(statement)
        return int(removed.rowcount)
