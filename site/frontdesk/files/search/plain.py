"""Look at every name below the folder: right on any database, and fast where there are few."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, literal, or_, select

from frontdesk.files.models import File, Folder
from frontdesk.files.search.contract import MOST, Below, Candidates


class Plain:
    def files(self, below: Below, words: Sequence[str]) -> Candidates:
        return Candidates(files(bool(below.path_key), len(words)), below.facts | patterns(words))

    def folders(self, below: Below, words: Sequence[str]) -> Candidates:
        statement = folders(bool(below.path_key), len(words))
        return Candidates(statement, below.facts | patterns(words))


def is_in() -> ColumnElement[bool]:
    """Whether a folder is the one to look below, or lies deeper."""
    # In SQLite's words one range, where an index ends; an "or" alone would read all folders.
    span = Folder.path_key >= bindparam("path_key"), Folder.path_key < bindparam("last")
    return and_(*span, or_(Folder.path_key == bindparam("path_key"), is_below()))


def is_below() -> ColumnElement[bool]:
    inside = Folder.path_key >= bindparam("first"), Folder.path_key < bindparam("last")
    return inside[0] & inside[1]


@lru_cache
def files(narrowed: bool, count: int) -> Select[Any]:
    """So many words in a file's name; below the folder if it is ``narrowed``."""
    found: Any = (  # a Select, which mypy holds to its columns
        select(File.id, File.name_key, File.size, File.created_at)
        .join(Folder, Folder.id == File.folder_id)
        .where(Folder.owner_id == bindparam("owner_id"), Folder.deleted_at.is_(None))
        # No name is empty; saying so lets SQLite read names from the index that holds them.
        .where(File.deleted_at.is_(None), File.name_key > "", *_holds(File.name_key, count))
        .limit(MOST + 1)
    )
    statement: Select[Any] = found.where(is_in()) if narrowed else found
    return statement


@lru_cache
def folders(narrowed: bool, count: int) -> Select[Any]:
    """The same of folders."""
    found: Any = (  # a Select, which mypy holds to its columns
        select(Folder.id, Folder.name_key, literal(0).label("size"), Folder.created_at)
        .where(Folder.owner_id == bindparam("owner_id"), Folder.deleted_at.is_(None))
        .where(Folder.parent_id.is_not(None), *_holds(Folder.name_key, count))
        .limit(MOST + 1)
    )
    statement: Select[Any] = found.where(is_below()) if narrowed else found
    return statement


def _holds(name: Any, count: int) -> list[ColumnElement[bool]]:
    return [name.like(bindparam(f"like{n}"), escape="!") for n in range(count)]


def patterns(words: Sequence[str]) -> dict[str, str]:
    """What is put into those statements for the words."""
    plain = (word.replace("!", "!!").replace("%", "!%").replace("_", "!_") for word in words)
    return {f"like{n}": f"%{word}%" for n, word in enumerate(plain)}
