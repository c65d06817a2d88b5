"""Tell members by letter of a log-in that may not have been theirs (ASVS 6.3.5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from frontdesk import mail
from frontdesk.accounts import devices
from frontdesk.accounts.attempts import network
from frontdesk.accounts.models import LoginSession, Member
from frontdesk.audit import LogEntry
from frontdesk.db import db, now
from frontdesk.pages import absolute

REMEMBERED = timedelta(days=90)
MOST_COMPARED = 200
WRONG_TRIES = 5  # so many before the right one are worth a word
SILENT = "login"  # what members call it who don't want these letters


def tell(member: Member, found: LoginSession) -> None:
    """Write to ``member`` if ``found``, their newest log-in, is unusual; a part of logging in.

    It is when neither its kind of device and network were seen together in 90 days, or after many
    wrong passwords. Nobody is told of their first log-in.
    """
    if not mail.is_on() or not member.email or SILENT in member.silent:
        return
    earlier = _earlier(member)
    tries = _wrong_tries(member, earlier[0].at if earlier else now() - REMEMBERED)
    if (earlier and not _is_known(found, earlier)) or tries >= WRONG_TRIES:
        mail.send(
            member.email,
            "login",
            member.language,
            name=member.display_name or member.username,
            agent=found.device,
            address=found.address,
            at=now(),
            tries=tries if tries >= WRONG_TRIES else 0,
            link=absolute("profile.sessions"),
        )


def _earlier(member: Member) -> Sequence[Any]:
    """When, where and with what they logged in, the newest first."""
    statement = select(LogEntry.at, LogEntry.address, LogEntry.facts).where(
        LogEntry.member_id == member.id,
        LogEntry.what == "member.login",
        LogEntry.at > now() - REMEMBERED,
    )
    return db.session.execute(statement.order_by(LogEntry.id.desc()).limit(MOST_COMPARED)).all()


def _is_known(found: LoginSession, earlier: Sequence[Any]) -> bool:
    here = devices.kind(found.device), network(found.address)
    return here in {(entry.facts.get("device"), network(entry.address)) for entry in earlier}


def _wrong_tries(member: Member, since: datetime) -> int:
    statement = select(func.count()).where(
        LogEntry.who.in_({member.username, member.username_key}),
        LogEntry.what == "member.login-refused",
        LogEntry.at > since,
    )
    return int(db.session.scalar(statement) or 0)
