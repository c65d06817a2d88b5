"""The log: who did what, when, from where, written in the same transaction as the deed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import current_app, g, has_request_context, request
from flask_login import current_user
from sqlalchemy import JSON, Delete, ForeignKey, Index, String, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from frontdesk.db import Base, after_commit, db, now, transaction
from frontdesk.watching import counts

CLOCKS = ("purge", "purge.wait")  # the last of them tells the next purge whether the clock jumped
AT_ONCE = 5_000


class LogEntry(Base):
    """One deed. ``what`` is a word such as ``file.upload``; ``facts`` hold no secrets."""

    __tablename__ = "log"
    __table_args__ = (
        Index(None, "at"),
        Index(None, "member_id", "id"),
        Index(None, "what", "id"),
        Index(None, "who", "id"),
        Index(None, "address", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)
    what: Mapped[str] = mapped_column(String(40))
    member_id: Mapped[UUID | None] = mapped_column(ForeignKey("members.id", ondelete="SET NULL"))
    who: Mapped[str] = mapped_column(String(255), default="")
    address: Mapped[str] = mapped_column(String(64), default="")
    request_id: Mapped[str] = mapped_column(String(64), default="")
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


def record(what: str, *, member_id: UUID | None = None, who: str = "", **facts: Any) -> None:
    """Note a deed; the verb that it belongs to commits it. ``who`` is the member if not given.

    What a program does is noted with its token's id.
    """
    entry = LogEntry(what=what, member_id=member_id, who=who, facts=facts)
    if has_request_context():
        entry.address = request.remote_addr or ""
        entry.request_id = g.get("request_id", "")
        entry.who = who or getattr(current_user, "username", "")
        if token_id := getattr(current_user, "token_id", None):
            entry.facts = {**facts, "token": str(token_id)}
    db.session.add(entry)
    after_commit(lambda: counts.deed(what))


def latest(*what: str) -> LogEntry | None:
    """The newest entry of one of these deeds."""
    newest = select(LogEntry).where(LogEntry.what.in_(what)).order_by(LogEntry.id.desc()).limit(1)
    return db.session.scalar(newest)


def remove_old() -> int:
    """Remove the entries that are older than LOG_RETENTION days; how many.

    Nothing from the last purge on: so what is left has no gaps. A few thousand at a time, since
    visitors need the lock.
    """
    days = current_app.config["LOG_RETENTION"]
    last = db.session.scalar(select(func.max(LogEntry.id)).where(LogEntry.what.in_(CLOCKS)))
    if not days or last is None:
        return 0
    old = select(LogEntry.id).where(LogEntry.at < now() - timedelta(days=days), LogEntry.id < last)
    some, removed = delete(LogEntry).where(LogEntry.id.in_(old.limit(AT_ONCE))), 0
    while count := _delete(some):
        removed += count
    return removed


def _delete(statement: Delete) -> int:
    with transaction() as session:
        return int(session.connection().execute(statement).rowcount)
