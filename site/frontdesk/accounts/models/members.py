"""Members."""

from __future__ import annotations

import unicodedata
import uuid
from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from frontdesk.db import Base, now

ADMIN, MEMBER = "admin", "member"
LEFT = "left"  # nobody any more: only a name, on posts that others have


def username_key(username: str) -> str:
    """What makes two usernames the same: Unicode NFKC, regardless of case."""
    # Longer ones are nobody's; Python takes minutes to sort 200,000 combining marks.
    return unicodedata.normalize("NFKC", username[:255]).casefold()


def email_key(address: str) -> str:
    """What makes two addresses the same: Unicode NFKC, regardless of case."""
    return unicodedata.normalize("NFKC", address.strip()[:255]).casefold()


class Member(Base):
    """Somebody with an account. Sizes are bytes; a ``quota`` of None is the site's.

    Who has registered and waits for an admin's yes has ``waiting_since``, and may not log in.
    ``email`` is theirs for sure once ``email_confirmed_at`` is set. ``silent`` names the
    notifications that they don't want. After ``leaves_at`` the account is removed for good.
    """

    __tablename__ = "members"
    __table_args__ = (Index(None, "email_key"), Index(None, "leaves_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    username: Mapped[str] = mapped_column(String(64))
    username_key: Mapped[str] = mapped_column(String(255), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    password_at: Mapped[datetime | None] = mapped_column()
    role: Mapped[str] = mapped_column(String(16), default=MEMBER)
    email: Mapped[str] = mapped_column(String(255), default="")
    email_key: Mapped[str] = mapped_column(String(255), default="")
    email_confirmed_at: Mapped[datetime | None] = mapped_column()
    display_name: Mapped[str] = mapped_column(String(80), default="")
    about: Mapped[str] = mapped_column(Text, default="")
    theme: Mapped[str] = mapped_column(String(8), default="")
    language: Mapped[str] = mapped_column(String(8), default="")
    timezone: Mapped[str] = mapped_column(String(64), default="")
    silent: Mapped[list[str]] = mapped_column(JSON, default=list)
    picture_id: Mapped[UUID | None] = mapped_column()
    quota: Mapped[int | None] = mapped_column(BigInteger)
    used: Mapped[int] = mapped_column(BigInteger, default=0)
    reserved: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    waiting_since: Mapped[datetime | None] = mapped_column()
    disabled_at: Mapped[datetime | None] = mapped_column()
    leaves_at: Mapped[datetime | None] = mapped_column()
