"""Where things may go: one folder at a time with those in it, or those that a word finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import abort
from sqlalchemy import ColumnElement, select

from frontdesk.db import db
from frontdesk.files import folders, names
from frontdesk.files.models import Folder
from frontdesk.files.selection import Selection

A_PAGE = 100
LONGEST_WORD = 255


@dataclass(slots=True)
class Shown:
    """A folder, those on the way to it, and some of those in it; ``more`` leads to the rest.

    With a ``word`` they are those that it finds, wherever they lie.
    """

    here: Folder
    way: Sequence[Folder]
    inside: Sequence[Folder]
    word: str = ""
    more: UUID | None = None


def look(member_id: UUID, moving: Selection, asked: Mapping[str, str]) -> Shown:
    """The folder named by ``open`` or ``here``; those after ``after``; those that ``find`` finds.

    :raise 404: if one of them isn't a folder of the member's
    """
    word = asked.get("find", "").strip()[:LONGEST_WORD]
    if word and not asked.keys() & {"open", "here", "after"}:
        is_found = Folder.path_key.contains(names.key(word), autoescape=True)
        inside, _more = _page(moving, is_found, Folder.owner_id == member_id, order=Folder.path_key)
        return Shown(moving.where, _way(moving.where), inside, word)
    after = _one(member_id, asked.get("after"))
    here = _one(member_id, asked.get("open") or asked.get("here")) or moving.where
    rest = []
    if after is not None:
        here = folders.get(after.parent_id) or here
        rest.append(Folder.name_key > after.name_key)
    inside, more = _page(moving, Folder.parent_id == here.id, *rest, order=Folder.name_key)
    return Shown(here, _way(here), inside, more=more)


def _one(member_id: UUID, raw: str | None) -> Folder | None:
    if not raw:
        return None
    try:
        folder = folders.get(UUID(raw))
    except ValueError:
        abort(404)
    if folder is None or folder.owner_id != member_id or folder.deleted_at:
        abort(404)
    return folder


def _page(moving: Selection, *where: ColumnElement[bool], order: Any) -> tuple[
    Sequence[Folder], UUID | None
]:  # fmt: skip
    """Folders in order, without those that are moving, and the last one's id if there are more."""
    there = Folder.deleted_at.is_(None), Folder.parent_id.is_not(None)
    found = db.session.scalars(
        select(Folder).where(*where, *there).order_by(order).limit(A_PAGE + 1)
    )
    every = found.all()
    more = every[A_PAGE - 1].id if len(every) > A_PAGE else None
    return [folder for folder in every[:A_PAGE] if folder not in moving.folders], more


def _way(folder: Folder) -> Sequence[Folder]:
    """The folders that lead to it, outermost first, and itself."""
    parts = folder.path_key.split("/")
    keys = ["/".join(parts[:depth]) for depth in range(len(parts) + 1)]
    way = select(Folder).where(
        Folder.owner_id == folder.owner_id, Folder.path_key.in_(keys), Folder.deleted_at.is_(None)
    )
    return db.session.scalars(way.order_by(Folder.path_key)).all()
