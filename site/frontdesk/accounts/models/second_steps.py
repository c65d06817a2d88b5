"""What proves a member besides the password: an authenticator app, recovery codes, passkeys."""

from __future__ import annotations

import uuid
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from frontdesk.db import Base, now


class Authenticator(Base):
    """A member's authenticator app. ``sealed`` is its secret, encrypted (see ``sealing.py``).

    It counts once ``confirmed_at`` is set. ``last_step`` is the newest 30-second step whose code
    was accepted (RFC 6238): that code and older ones are refused.
    """

    __tablename__ = "authenticators"

    member_id: Mapped[UUID] = mapped_column(
        ForeignKey("members.id", ondelete="CASCADE"), primary_key=True
    )
    sealed: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(default=now)
    confirmed_at: Mapped[datetime | None] = mapped_column()
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)


class RecoveryCode(Base):
    """One of ten, for who has lost the second step. The row holds its SHA-256."""

    __tablename__ = "recovery_codes"
    __table_args__ = (Index(None, "member_id"),)

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime | None] = mapped_column()


class Passkey(Base):
    """A WebAuthn credential (W3C Web Authentication Level 3)."""

    __tablename__ = "passkeys"
    __table_args__ = (Index(None, "member_id", "created_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1024), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary(2048))
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0)
    name: Mapped[str] = mapped_column(String(80))
    transports: Mapped[str] = mapped_column(String(80), default="")
    is_synced: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime | None] = mapped_column()


class Challenge(Base):
    """What a passkey is asked to sign, once. ``member_id`` is None where nobody is named yet."""

    __tablename__ = "challenges"
    __table_args__ = (Index(None, "expires_at"),)

    challenge_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    member_id: Mapped[UUID | None] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime] = mapped_column()
