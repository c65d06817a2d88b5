"""Secrets that travel in an address: invites, and tickets for one deed. Rows hold their SHA-256."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from frontdesk.accounts.models.members import MEMBER
from frontdesk.db import Base, now

RESET, CONFIRM = "reset", "confirm"


class Invite(Base):
    """Whoever holds it may make an account, ``most_uses`` times, until ``expires_at``."""

    __tablename__ = "invites"
    __table_args__ = (Index(None, "created_by", "created_at"), Index(None, "created_at", "id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("members.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime] = mapped_column()
    revoked_at: Mapped[datetime | None] = mapped_column()
    email: Mapped[str] = mapped_column(String(255), default="")
    role: Mapped[str] = mapped_column(String(16), default=MEMBER)
    quota: Mapped[int | None] = mapped_column(BigInteger)
    most_uses: Mapped[int] = mapped_column(default=1)
    uses: Mapped[int] = mapped_column(default=0)


class Ticket(Base):
    """Good for one deed, once: RESET a password, CONFIRM an address.

    ``facts`` are what the deed needs, such as the new address. A RESET dies with the password that
    it was made for: every change of the password removes the member's.
    """

    __tablename__ = "tickets"
    __table_args__ = (Index(None, "member_id", "kind"), Index(None, "expires_at"))

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime] = mapped_column()
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
