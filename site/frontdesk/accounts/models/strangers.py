"""Who comes from elsewhere: people whom another server knows, and those who guess."""

from __future__ import annotations

import uuid
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from frontdesk.db import Base, now


class Identity(Base):
    """Whom an OpenID provider calls ``subject``; the pair with ``issuer`` is one member's."""

    __tablename__ = "identities"
    __table_args__ = (Index(None, "issuer", "subject", unique=True), Index(None, "member_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    issuer: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(255))
    email: Mapped[str] = mapped_column(String(255), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime | None] = mapped_column()


class Attempts(Base):
    """How many wrong tries a ``key`` has made in the window that began at ``since`` (seconds)."""

    __tablename__ = "attempts"

    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    since: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
