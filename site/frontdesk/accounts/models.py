"""Members, their log-ins and tokens, and the wrong tries that are counted."""

from __future__ import annotations

import unicodedata
import uuid
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from frontdesk.db import Base, now

ADMIN, MEMBER = "admin", "member"
READ, WRITE = "read", "write"


def username_key(username: str) -> str:
    """What makes two usernames the same: Unicode NFKC, regardless of case."""
    # Longer ones are nobody's; Python takes minutes to sort 200,000 combining marks.
    return unicodedata.normalize("NFKC", username[:255]).casefold()


class Member(Base):
    """Somebody with an account. Sizes are bytes; a ``quota`` of None is the site's."""

    __tablename__ = "members"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    username: Mapped[str] = mapped_column(String(64))
    username_key: Mapped[str] = mapped_column(String(255), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(16), default=MEMBER)
    email: Mapped[str] = mapped_column(String(255), default="")
    display_name: Mapped[str] = mapped_column(String(80), default="")
    about: Mapped[str] = mapped_column(Text, default="")
    theme: Mapped[str] = mapped_column(String(8), default="")
    language: Mapped[str] = mapped_column(String(8), default="")
    picture_id: Mapped[UUID | None] = mapped_column()
    quota: Mapped[int | None] = mapped_column(BigInteger)
    used: Mapped[int] = mapped_column(BigInteger, default=0)
    reserved: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    disabled_at: Mapped[datetime | None] = mapped_column()


class LoginSession(Base):
    """One log-in on one device. The device's cookie holds the token, the row only its SHA-256."""

    __tablename__ = "sessions"
    __table_args__ = (Index(None, "member_id", "created_at"), Index(None, "expires_at"))

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime] = mapped_column()
    remembered: Mapped[bool] = mapped_column(default=False)
    address: Mapped[str] = mapped_column(String(64), default="")
    device: Mapped[str] = mapped_column(String(300), default="")

    member: Mapped[Member] = relationship()


class Token(Base):
    """What a program shows in place of a log-in. The row holds only the SHA-256 of it.

    ``scope`` is READ or WRITE; ``expires_at`` None is never.
    """

    __tablename__ = "tokens"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    member_id: Mapped[UUID] = mapped_column(
        ForeignKey("members.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scope: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None] = mapped_column()
    used_at: Mapped[datetime | None] = mapped_column()

    member: Mapped[Member] = relationship()


class Attempts(Base):
    """How many wrong tries a ``key`` has made in the window that began at ``since`` (seconds)."""

    __tablename__ = "attempts"

    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    since: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
