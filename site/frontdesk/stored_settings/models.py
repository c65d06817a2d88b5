"""Settings that the admin changed on the site; they win over config.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from frontdesk.db import Base, now


class StoredSetting(Base):
    """One setting, by its name in config.py; a secret's value is sealed."""

    __tablename__ = "settings"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
    changed_at: Mapped[datetime] = mapped_column(default=now)
    changed_by: Mapped[UUID | None] = mapped_column(ForeignKey("members.id", ondelete="SET NULL"))
