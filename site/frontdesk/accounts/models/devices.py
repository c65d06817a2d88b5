"""Where a member is logged in, or half of it.

A device's cookie holds a secret, the row its SHA-256.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from frontdesk.accounts.models.members import Member
from frontdesk.db import Base, now


class LoginSession(Base):
    """One log-in on one device, listed under its ``id``.

    ``method`` is what it was proven by: password, passkey, oidc, code. ``proven_at`` is when that
    was last shown. ``previous_hash`` is of the secret that this one took the place of at
    ``rotated_at``: requests that were under way still carry it.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        Index(None, "id", unique=True),
        Index(None, "member_id", "created_at"),
        Index(None, "expires_at"),
        Index(None, "previous_hash"),
    )

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[UUID] = mapped_column(default=uuid.uuid4)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)
    proven_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime] = mapped_column()
    remembered: Mapped[bool] = mapped_column(default=False)
    method: Mapped[str] = mapped_column(String(16), default="password")
    address: Mapped[str] = mapped_column(String(64), default="")
    device: Mapped[str] = mapped_column(String(300), default="")
    previous_hash: Mapped[str] = mapped_column(String(64), default="")
    rotated_at: Mapped[datetime | None] = mapped_column()

    member: Mapped[Member] = relationship()


class HalfLogin(Base):
    """A password was right, and the second step is still to come: no right to anything at all."""

    __tablename__ = "half_logins"
    __table_args__ = (Index(None, "expires_at"),)

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime] = mapped_column()
    remember: Mapped[bool] = mapped_column(default=False)
    method: Mapped[str] = mapped_column(String(16), default="password")

    member: Mapped[Member] = relationship()


class TrustedDevice(Base):
    """A device that is not asked for the second step until ``expires_at``."""

    __tablename__ = "trusted_devices"
    __table_args__ = (Index(None, "member_id", "created_at"), Index(None, "expires_at"))

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[UUID] = mapped_column(default=uuid.uuid4, unique=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime] = mapped_column()
    device: Mapped[str] = mapped_column(String(300), default="")
