"""SQLite's full-text index of pieces of names: their trigrams, and their characters and pairs.

FTS5's own trigrams find nothing shorter than three characters, which in Chinese most words are.
So each name stands in it twice: as it is, and with a mark around each character; a piece of
three is then ``a|b``, a pair, or ``|a|``, one character. The index holds no positions and no
names (a quarter of the size, and a third of the time to write), so what it gives is looked at
again. Triggers of the migration "search, sorting and counters" keep it.

Its numbers are made so that a member's are side by side, the latest last. Everybody else's
names cost nothing, and a word that most names have is found in the latest ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Select,
    String,
    Uuid,
    bindparam,
    column,
    func,
    select,
    table,
    text,
)

from frontdesk.db import Moment, rows
from frontdesk.files.models import Folder
from frontdesk.files.search.contract import MOST, Below, Candidates
from frontdesk.files.search.plain import Plain, is_below, is_in

OWNER, KIND = 1 << 41, 1 << 40  # as in the migration
MARK, FOLDER = "\x01", "\x02d\x02"
# Below a folder: so many files (in so many folders) are looked at without asking the index,
# then so many names of the index without asking how many files there are; then what takes less
# time, for a name in a folder costs an eighth of one that the index gives.
FEW_FILES, FEW_FOLDERS, FEW_NAMES, CHEAPER = 2_000, 100, 1_000, 8

PIECES = table("search_pieces", column("rowid", BigInteger()))
NAMES = table(
    "search_names",
    column("id", BigInteger()),
    column("thing_id", Uuid[UUID]()),
    column("folder_id", Uuid[UUID]()),
    column("name_key", String()),
    column("size", BigInteger()),
    column("created_at", Moment()),
)
HELD = text("search_pieces MATCH :pieces")
RANGE = PIECES.c.rowid.between(bindparam("low"), bindparam("high"))
SLOT = text("SELECT slot FROM search_owners WHERE owner_id = :owner")
COUNT = select(func.count()).select_from(
    select(PIECES.c.rowid).where(HELD, RANGE).limit(bindparam("most")).subquery()
)
THERE = (
    select(Folder.files_in)
    .where(Folder.owner_id == bindparam("owner_id"), Folder.deleted_at.is_(None), is_in())
    .limit(bindparam("most"))
    .subquery()
)
IN_FOLDER = select(
    func.count().label("folders"), func.coalesce(func.sum(THERE.c.files_in), 0).label("files")
)


class Pieces:
    """By the index; below a folder with fewer files than it would give, by their names."""

    def files(self, below: Below, words: Sequence[str]) -> Candidates:
        facts = _facts(below, words, 0)
        if below.path_key and _is_shorter_by_folder(below, facts):
            return Plain().files(below, words)
        return Candidates(_files(bool(below.path_key), len(words)), facts)

    def folders(self, below: Below, words: Sequence[str]) -> Candidates:
        facts = _facts(below, words, KIND)
        return Candidates(_folders(bool(below.path_key), len(words)), facts)


def pieces(word: str) -> list[str]:
    """What every name with ``word`` in it has in the index: few pieces that cover the word."""
    if len(word) == 1:
        return [f"{MARK}{word}{MARK}"]
    if len(word) == 2:
        return [f"{word[0]}{MARK}{word[1]}"]
    starts = {*range(0, len(word) - 2, 3), len(word) - 3}
    return [word[start : start + 3] for start in sorted(starts)]


def _facts(below: Below, words: Sequence[str], kind: int) -> dict[str, Any]:
    slot = rows(SLOT, owner=below.owner_id.hex).scalar() or 0
    low = slot * OWNER + kind
    sought = [piece for word in words for piece in pieces(word)] + [FOLDER] * bool(kind)
    quoted = ('"{}"'.format(piece.replace('"', '""')) for piece in dict.fromkeys(sought))
    held = {f"word{n}": word for n, word in enumerate(words)}
    match = " AND ".join(quoted)
    return below.facts | held | {"pieces": match, "low": low, "high": low + KIND - 1}


def _is_shorter_by_folder(below: Below, facts: dict[str, Any]) -> bool:
    """Whether to look at the files below the folder rather than at what the index gives."""
    there = rows(IN_FOLDER, **below.facts, most=FEW_FOLDERS).one()
    if there.folders < FEW_FOLDERS and there.files <= FEW_FILES:
        return True
    if _gives(facts, FEW_NAMES) < FEW_NAMES:
        return False
    all_there: int = rows(IN_FOLDER, **below.facts, most=-1).one().files
    return _gives(facts, all_there // CHEAPER + 1) > all_there // CHEAPER


def _gives(facts: dict[str, Any], most: int) -> int:
    """How many names the index gives; it stops counting at ``most``."""
    span = {name: facts[name] for name in ("pieces", "low", "high")}
    found: int = rows(COUNT, **span, most=most).scalar_one()
    return found


@lru_cache
def _files(narrowed: bool, count: int) -> Select[Any]:
    found = _found(count)
    if narrowed:
        inside = select(Folder.id).where(Folder.id == NAMES.c.folder_id)
        return found.where(inside.where(Folder.deleted_at.is_(None), is_in()).exists())
    in_bin = select(Folder.id).where(
        Folder.owner_id == bindparam("owner_id"), Folder.deleted_at.is_not(None)
    )
    return found.where(NAMES.c.folder_id.not_in(in_bin))


@lru_cache
def _folders(narrowed: bool, count: int) -> Select[Any]:
    inside = select(Folder.id).where(Folder.id == NAMES.c.thing_id, is_below())
    found = _found(count)
    return found.where(inside.exists()) if narrowed else found


def _found(count: int) -> Select[Any]:
    """The latest names that hold all words; the index alone gives also names that may."""
    held = [func.instr(NAMES.c.name_key, bindparam(f"word{n}")) > 0 for n in range(count)]
    return (
        select(NAMES.c.thing_id.label("id"), NAMES.c.name_key, NAMES.c.size, NAMES.c.created_at)
        .join_from(PIECES, NAMES, NAMES.c.id == PIECES.c.rowid)
        .where(HELD, RANGE, *held)
        .order_by(PIECES.c.rowid.desc())
        .limit(MOST + 1)
    )
