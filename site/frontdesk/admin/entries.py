"""The log, filtered: a page of it by key, all of it in pieces, and a row of it as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from frontdesk.audit import LogEntry
from frontdesk.db import db

A_PAGE = 50
A_PIECE = 1_000
LARGEST = 2**31 - 1  # an id; PostgreSQL could not even be asked for a larger one
COLUMNS = ("id", "at", "what", "who", "address", "member", "request", "facts")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries: empty is all. ``first`` and ``last`` are days in UTC, both included."""

    what: str = ""
    who: str = ""
    address: str = ""
    first: datetime | None = None
    last: datetime | None = None

    @property
    def facts(self) -> dict[str, str]:
        """As the page's address says it."""
        days = {"from": _day(self.first), "until": _day(self.last)}
        said = {"what": self.what, "who": self.who, "address": self.address, **days}
        return {name: value for name, value in said.items() if value}


@dataclass(slots=True)
class Page:
    """Entries, the newest first, and the ids that lead to older and newer ones."""

    entries: list[LogEntry]
    older: int | None = None
    newer: int | None = None


def read_filter(asked: Mapping[str, str]) -> Filter:
    """As an address or a form says it; what is no day is no limit."""
    return Filter(
        asked.get("what", "").strip()[:40],
        asked.get("who", "").strip()[:255],
        asked.get("address", "").strip()[:64],
        read_day(asked.get("from", "")),
        read_day(asked.get("until", "")),
    )


def read_day(text: str) -> datetime | None:
    """That day's beginning in UTC; None if it is none, or one that no entry can have."""
    try:
        day = datetime.strptime(text.strip(), "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return day if 2_000 <= day.year < 9_000 else None


def a_page(chosen: Filter, before: int | None = None, after: int | None = None) -> Page:
    """The newest entries, or those before or after the one with that id."""
    found = _some(chosen, before, after, A_PAGE + 1)
    is_more, found = len(found) > A_PAGE, found[:A_PAGE]
    if after is not None:
        found.reverse()
    if not found:
        return Page([])
    has_older, has_newer = (True, is_more) if after is not None else (is_more, before is not None)
    return Page(found, found[-1].id if has_older else None, found[0].id if has_newer else None)


def _some(chosen: Filter, before: int | None, after: int | None, most: int) -> list[LogEntry]:
    statement = statement_of(chosen)
    if after is not None:
        statement = statement.where(LogEntry.id > after).order_by(LogEntry.id)
    else:
        if before is not None:
            statement = statement.where(LogEntry.id < before)
        statement = statement.order_by(LogEntry.id.desc())
    return list(db.session.scalars(statement.limit(most)))


def statement_of(chosen: Filter) -> Select[Any]:
    """Those entries, by an index whatever is asked: days are turned into ids first."""
    wanted: list[ColumnElement[bool]] = []
    if chosen.what:
        wanted.append(LogEntry.what == chosen.what)
    if chosen.who:
        wanted.append(LogEntry.who == chosen.who)
    if chosen.address:
        wanted.append(LogEntry.address == chosen.address)
    return select(LogEntry).where(*wanted, *_days(chosen))


def _days(chosen: Filter) -> Iterator[ColumnElement[bool]]:
    """Between which ids the days lie; and the days themselves, which no index is asked for."""
    at = func.coalesce(LogEntry.at, LogEntry.at, type_=LogEntry.at.type)
    if chosen.first:
        begin = select(func.min(LogEntry.id)).where(LogEntry.at >= chosen.first)
        yield LogEntry.id >= (db.session.scalar(begin) or LARGEST)
        yield at >= chosen.first
    if chosen.last:
        end = chosen.last + timedelta(days=1)
        stop = select(func.max(LogEntry.id)).where(LogEntry.at < end)
        yield LogEntry.id <= (db.session.scalar(stop) or 0)
        yield at < end


def as_csv(chosen: Filter) -> Iterator[str]:
    """All of them, the newest first, as RFC 4180 has it; read in pieces, for nobody waits.

    Begins with a BOM: without it Excel takes Chinese for something else.
    """
    yield "\ufeff" + _line(COLUMNS)
    before: int | None = None
    while some := _some(chosen, before, None, A_PIECE):
        yield "".join(_line(_cells(entry)) for entry in some)
        before = some[-1].id
        db.session.rollback()  # a slow reader must not hold the database


def _cells(entry: LogEntry) -> tuple[str, ...]:
    return (
        str(entry.id),
        entry.at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        entry.what,
        entry.who,
        entry.address,
        str(entry.member_id or ""),
        entry.request_id,
        json.dumps(entry.facts, ensure_ascii=False) if entry.facts else "",
    )


def _line(cells: tuple[str, ...]) -> str:
    """A line of the file. What a spreadsheet would take for a formula gets a quote before it."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(
        f"'{cell}" if cell.startswith(FORMULA) else cell for cell in cells
    )
    return out.getvalue()


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""
