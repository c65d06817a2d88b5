"""What an index of names promises to those who search, whatever database it is in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Select

MOST = 500  # candidates; one more tells that there are others


@dataclass(frozen=True, slots=True)
class Below:
    """Where to look: below a member's folder; the outermost has no path."""

    owner_id: UUID
    path_key: str = ""

    @property
    def facts(self) -> dict[str, Any]:
        """What statements are given: ``/`` is followed by ``0`` in every database's bytes."""
        return {
            "owner_id": self.owner_id,
            "path_key": self.path_key,
            "first": f"{self.path_key}/",
            "last": f"{self.path_key}0",
        }


@dataclass(frozen=True, slots=True)
class Candidates:
    """A statement that is the same object for the same question, and what is put into it.

    Its columns are ``id``, ``name_key``, ``size`` and ``created_at``.
    """

    statement: Select[Any]
    facts: dict[str, Any]


class Index(Protocol):
    """Knows all names. Each of ``words`` is folded as they are, and must be in the name."""

    def files(self, below: Below, words: Sequence[str]) -> Candidates:
        """The files in that folder and deeper; none that lie in the bin."""

    def folders(self, below: Below, words: Sequence[str]) -> Candidates:
        """The folders below that one."""
