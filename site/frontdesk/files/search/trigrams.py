"""PostgreSQL's index of trigrams, by its extension pg_trgm.

A word of three letters or more is found by the index. Shorter ones have no trigram, and neither
have signs, so the member's own names are looked at, the latest first. The database chooses: a word
that most names have is found sooner that way, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam

from frontdesk.files.models import File, Folder
from frontdesk.files.search import plain
from frontdesk.files.search.contract import Below, Candidates


class Trigrams:
    """The names that ``Plain`` finds; if there are too many, the latest of them."""

    def files(self, below: Below, words: Sequence[str]) -> Candidates:
        statement = _files(bool(below.path_key), len(words))
        return Candidates(statement, below.facts | plain.patterns(words))

    def folders(self, below: Below, words: Sequence[str]) -> Candidates:
        statement = _folders(bool(below.path_key), len(words))
        return Candidates(statement, below.facts | plain.patterns(words))


@lru_cache
def _files(narrowed: bool, count: int) -> Select[Any]:
    found: Any = plain.files(narrowed, count)
    # Said once more of the file itself: these are what its indexes are made for.
    found = found.where(File.owner_id == bindparam("owner_id"), File.folder_id.is_not(None))
    latest: Select[Any] = found.order_by(File.created_at.desc(), File.id.desc())
    return latest


@lru_cache
def _folders(narrowed: bool, count: int) -> Select[Any]:
    found: Any = plain.folders(narrowed, count)
    latest: Select[Any] = found.order_by(Folder.created_at.desc(), Folder.id.desc())
    return latest
