"""Folders, files, the blobs that hold their bytes, and bytes on their way in."""

from __future__ import annotations

import uuid
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from frontdesk.db import Base, now


class Blob(Base):
    """Finished bytes in storage under the name ``id``; ``size`` in bytes, ``sha256`` in hex.

    ``verified_at`` is when they were last read again and found right, ``lost_at`` when they were
    first found gone or changed. ``kept_for`` is the member whose quota it goes on counting to, once
    only something else than their files holds it: a post.
    """

    __tablename__ = "blobs"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    lost_at: Mapped[datetime | None] = mapped_column()
    verified_at: Mapped[datetime | None] = mapped_column(index=True)
    kept_for: Mapped[UUID | None] = mapped_column(index=True)


class Folder(Base):
    """A place for files; a member's outermost one has no parent, no name and no path.

    ``path`` is the names that lead here, with ``/`` between them. When a folder goes to the bin,
    it and all folders below it get ``deleted_at`` and, as ``deleted_with``, its id; what is in
    them is gone with them, row by row untouched.
    """

    __tablename__ = "folders"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("folders.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255), default="")
    name_key: Mapped[str] = mapped_column(String(800), default="")
    path: Mapped[str] = mapped_column(Text, default="")
    path_key: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    deleted_at: Mapped[datetime | None] = mapped_column()
    deleted_with: Mapped[UUID | None] = mapped_column(index=True)
    # What lies directly in it and isn't in the bin. The database's triggers count, no verb does.
    files_in: Mapped[int] = mapped_column(default=0)
    folders_in: Mapped[int] = mapped_column(default=0)
    bytes_in: Mapped[int] = mapped_column(BigInteger, default=0)


class File(Base):
    """A name for a blob, in a folder; without one it is a member's picture.

    ``deleted_at`` is when it went to the bin by itself; its name is free from then on.
    ``blob_id``, ``size``, ``media_type`` and ``created_at`` are the newest version's; the earlier
    ones are ``Version``s.
    """

    __tablename__ = "files"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    folder_id: Mapped[UUID | None] = mapped_column(ForeignKey("folders.id", ondelete="CASCADE"))
    blob_id: Mapped[UUID] = mapped_column(ForeignKey("blobs.id"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    name_key: Mapped[str] = mapped_column(String(800))
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(255))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=now)
    deleted_at: Mapped[datetime | None] = mapped_column()

    blob: Mapped[Blob] = relationship()
    folder: Mapped[Folder | None] = relationship()

    @property
    def is_there(self) -> bool:
        """Whether it can be reached: neither it nor the folder that it lies in is in the bin."""
        return not self.deleted_at and not (self.folder and self.folder.deleted_at)


# The same of many files, for statements that join their folders.
THERE = (File.deleted_at.is_(None), Folder.deleted_at.is_(None))


class Version(Base):
    """What a file held before its newest version: kept, counted, and there to be restored."""

    __tablename__ = "versions"

    file_id: Mapped[UUID] = mapped_column(
        ForeignKey("files.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    blob_id: Mapped[UUID] = mapped_column(ForeignKey("blobs.id"), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(default=now)

    blob: Mapped[Blob] = relationship()


class Upload(Base):
    """An unfinished upload and the bytes that its owner's quota holds for it.

    Where it stands is flask_resumable's to know. When it is finished, ``id`` is the blob's.
    """

    __tablename__ = "uploads"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    folder: Mapped[str] = mapped_column(Text)
    reserved: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)


Index(
    None,
    Folder.owner_id,
    unique=True,
    sqlite_where=Folder.parent_id.is_(None),
    postgresql_where=Folder.parent_id.is_(None),
)
Index(
    "uq_folders_parent_id_name_key",
    Folder.parent_id,
    Folder.name_key,
    unique=True,
    sqlite_where=Folder.deleted_at.is_(None),
    postgresql_where=Folder.deleted_at.is_(None),
)
Index("ix_folders_owner_id_path_key", Folder.owner_id, Folder.path_key)
Index(
    "uq_files_folder_id_name_key",
    File.folder_id,
    File.name_key,
    unique=True,
    sqlite_where=File.deleted_at.is_(None),
    postgresql_where=File.deleted_at.is_(None),
)
Index("ix_files_folder_id_name_key_id", File.folder_id, File.name_key, File.id)
Index("ix_files_owner_id_created_at", File.owner_id, File.created_at)
Index(
    "ix_files_bin",
    File.owner_id,
    File.deleted_at,
    File.id,
    sqlite_where=File.deleted_at.is_not(None),
    postgresql_where=File.deleted_at.is_not(None),
)
Index(
    "ix_folders_bin",
    Folder.owner_id,
    Folder.deleted_at,
    Folder.id,
    sqlite_where=Folder.deleted_at.is_not(None),
    postgresql_where=Folder.deleted_at.is_not(None),
)
for _columns in (
    (File.folder_id, File.size, File.id),
    (File.folder_id, File.created_at, File.id),
    (Folder.parent_id, Folder.created_at, Folder.id),
):
    _listed = _columns[0].class_.deleted_at.is_(None)
    Index(None, *_columns, sqlite_where=_listed, postgresql_where=_listed)
