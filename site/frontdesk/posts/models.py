"""Posts (parcels from one member to others) and links (addresses that open one file)."""

from __future__ import annotations

import uuid
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from frontdesk.accounts.models import Member
from frontdesk.db import Base, now
from frontdesk.files.models import Blob, File


class Post(Base):
    """A message and files from one sender to recipients; its number stands in its address."""

    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    sender_id: Mapped[UUID] = mapped_column(
        ForeignKey("members.id", ondelete="CASCADE"), index=True
    )
    message: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)

    sender: Mapped[Member] = relationship()
    recipients: Mapped[list[Recipient]] = relationship()
    files: Mapped[list[PostFile]] = relationship(order_by="PostFile.name")


class Recipient(Base):
    """Somebody whom a post waits for, until they say that they are done with it."""

    __tablename__ = "recipients"
    __table_args__ = (Index(None, "member_id", "done_at"),)

    post_id: Mapped[int] = mapped_column(
        ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True
    )
    member_id: Mapped[UUID] = mapped_column(
        ForeignKey("members.id", ondelete="CASCADE"), primary_key=True
    )
    done_at: Mapped[datetime | None] = mapped_column()

    member: Mapped[Member] = relationship()


class PostFile(Base):
    """What a post holds: the bytes as they were sent, whatever the sender does with the file."""

    __tablename__ = "post_files"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), index=True)
    blob_id: Mapped[UUID] = mapped_column(ForeignKey("blobs.id"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(default=now)

    blob: Mapped[Blob] = relationship()


class Link(Base):
    """An unguessable address, ``/s/TOKEN``, that opens one file to whoever holds it."""

    __tablename__ = "links"

    token: Mapped[UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    file_id: Mapped[UUID] = mapped_column(ForeignKey("files.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None] = mapped_column()
    revoked_at: Mapped[datetime | None] = mapped_column()

    file: Mapped[File] = relationship()
