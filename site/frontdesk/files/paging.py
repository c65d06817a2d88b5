"""One page of a list, by key: from a place onward, or back from one, through all its parts.

A place is what the line there is sorted by, not the line: it stays one when the line has gone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import Select, Subquery, bindparam, tuple_

from frontdesk.db import rows

A_PAGE = 50
LARGEST = 2**63 - 1
SORTS = ("name", "size", "date")

Show = Callable[[Subquery], Select[Any]]


@dataclass(frozen=True, slots=True)
class View:
    """How a list is asked for: by what it is sorted, and from or to which place it is shown."""

    sort: str = "name"
    is_falling: bool = False
    after: str = ""
    before: str = ""

    @classmethod
    def of(cls, asked: Any) -> View:
        """As a page's address says it; what it doesn't know is left out."""
        sort = asked.get("sort", "")
        return cls(
            sort if sort in SORTS else SORTS[0],
            asked.get("order") == "desc",
            asked.get("after", ""),
            asked.get("before", ""),
        )

    def turned(self, sort: str) -> View:
        """What a column's heading leads to: sorted by it, or the other way round.

        Names begin with a, sizes with the largest, dates with the latest.
        """
        falling = not self.is_falling if sort == self.sort else sort != "name"
        return View(sort, falling)

    def query(self, **more: str | None) -> str:
        """The end of an address that asks for this, and for ``more``; empty for what is usual."""
        said = {"sort": self.sort, "order": "desc" if self.is_falling else "asc"}
        sorting = {} if self.sort == SORTS[0] and not self.is_falling else said
        asked = {name: value for name, value in {**more, **sorting}.items() if value}
        return f"?{urlencode(asked)}" if asked else ""


@dataclass(frozen=True, slots=True)
class Part:
    """Some lines of a list: where they come from, what they are sorted by, and how they look.

    ``show`` adds what a line shows to the few that are on the page.
    """

    name: str
    statement: Any  # a Select, which mypy holds to its columns
    key: Any
    id: Any
    is_falling: bool
    facts: dict[str, Any]
    show: Show | None = None

    def lines(self, start: Place | None, backwards: bool, most: int) -> list[Any]:
        """At most so many: those after ``start``, or, backwards, those before it."""
        falling = self.is_falling != backwards
        statement = _slice(self.statement, self.key, self.id, falling, bool(start), self.show)
        facts = {"start": start.value, "start_id": start.id} if start else {}
        return list(rows(statement, **self.facts, **facts, most=most).all())

    def place(self, line: Any) -> str:
        """Where ``line`` stands."""
        value = getattr(line, self.key.key or "")
        said = value.isoformat() if isinstance(value, datetime) else value
        return f"{self.name}.{line.id.hex}.{said}"


@dataclass(frozen=True, slots=True)
class Place:
    """What the line there is sorted by."""

    part: Part
    value: Any
    id: UUID


@dataclass(slots=True)
class Page:
    """The lines of each part, by its name, and the places that lead to the pages beside it."""

    lines: dict[str, list[Any]]
    before: str | None = None
    after: str | None = None


def a_page(parts: Sequence[Part], view: View) -> Page:
    """The page that ``view`` asks for; the first one, when there is none at that place."""
    after, before = _read(view.after, parts), _read(view.before, parts)
    start = before or after
    found = _collect(parts, start, backwards=bool(before))
    if start and not found:
        return a_page(parts, View())
    is_more, found = len(found) > A_PAGE, found[:A_PAGE]
    if before:
        found.reverse()
    has_earlier, has_later = (is_more, True) if before else (bool(after), is_more)
    page = Page({part.name: [line for one, line in found if one is part] for part in parts})
    if found:
        (first, line), (last, end) = found[0], found[-1]
        page.before = first.place(line) if has_earlier else None
        page.after = last.place(end) if has_later else None
    return page


def _collect(
    parts: Sequence[Part], start: Place | None, *, backwards: bool
) -> list[tuple[Part, Any]]:
    """A page and one line more, from one part and then the next."""
    found: list[tuple[Part, Any]] = []
    to_go = list(reversed(parts) if backwards else parts)
    if start:
        to_go = to_go[to_go.index(start.part) :]
    for part in to_go:
        here = start if start and part is start.part else None
        most = A_PAGE + 1 - len(found)
        found += [(part, line) for line in (part.lines(here, backwards, most) if most else [])]
    return found


def _read(text: str, parts: Sequence[Part]) -> Place | None:
    """The place that an address names; None if it is no place of this list."""
    name, _, rest = text.partition(".")
    id, _, value = rest.partition(".")
    for part in parts:
        if part.name == name:
            with suppress(ValueError, OverflowError):
                return Place(part, READ[part.key.type.python_type](value), UUID(id))
    return None


def _number(text: str) -> int:
    number = int(text)
    if abs(number) > LARGEST:
        raise ValueError("no size is so large")
    return number


READ: dict[type, Callable[[str], Any]] = {
    str: str,
    int: _number,
    datetime: lambda text: datetime.fromisoformat(text).astimezone(UTC),
}


@lru_cache(512)
def _slice(
    statement: Any, key: Any, id: Any, falling: bool, begun: bool, show: Show | None
) -> Select[Any]:
    """Built once: putting a statement together costs more than running it."""
    if begun:
        start = tuple_(bindparam("start", type_=key.type), bindparam("start_id", type_=id.type))
        here = tuple_(key, id)
        statement = statement.where(here < start if falling else here > start)
    page: Select[Any] = statement.order_by(*_order(key, id, falling)).limit(bindparam("most"))
    if show is None:
        return page
    few = page.subquery()
    return show(few).order_by(*_order(few.c[str(key.key)], few.c.id, falling))


def _order(key: Any, id: Any, falling: bool) -> tuple[Any, Any]:
    return (key.desc(), id.desc()) if falling else (key, id)
