"""Copy a site's database into an empty one of another kind, and compare each row.

All is written in one transaction, which ends once every row was read back from both: whatever
goes wrong in the middle, even a kill, leaves the target as empty as it was. Both are held against
writers meanwhile; the source is only read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import zip_longest
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    CursorResult,
    Engine,
    Row,
    Select,
    Table,
    func,
    inspect,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError

from frontdesk.db import LOCK, Base

BATCH = 1_000  # rows
PATIENT = text("SELECT set_config('lock_timeout', '10s', true)")
COUNTED = ("files", "folders")  # their triggers count what lies in a folder
COUNTERS = ("files_in", "folders_in", "bytes_in")


class NotMoved(Exception):
    """Nothing was written; the message says why, and what to do."""


class Moved(NamedTuple):
    """How many rows of a table are the same on both sides, and what their bytes come to."""

    table: str
    rows: int
    digest: str


def holds(engine: Engine) -> str:
    """The first table in a database that has rows or is not ours; empty if there is none."""
    ours = Base.metadata.tables
    with engine.connect() as connection:
        for name in inspect(connection).get_table_names():
            if name not in ours and name != "alembic_version" and not name.startswith("search_"):
                return name
            if name in ours and connection.execute(select(1).select_from(ours[name])).first():
                return name
    return ""


def copy(source: Engine, target: Engine) -> list[Moved]:
    """Copy all tables, then compare them row by row; what each of them holds.

    :raise NotMoved: if a row doesn't fit into the target, or is another one there
    """
    with _held(source) as old, _held(target) as new:
        _refuse_rows(new)
        with _uncounted(new):
            for table in Base.metadata.sorted_tables:
                _fill(table, old, new)
        _count_again(old, new)
        same = [_compared(table, old, new) for table in Base.metadata.sorted_tables]
        _number_on(new)
        new.commit()
    return same


@contextmanager
def _held(engine: Engine) -> Iterator[Connection]:
    """A transaction beside which nobody writes: SQLite begins each with its lock."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(PATIENT)
            connection.execute(LOCK)
        else:
            connection.execute(select(1))
        yield connection
        connection.rollback()  # what was meant to stay is committed


def _refuse_rows(new: Connection) -> None:
    for table in Base.metadata.sorted_tables:
        if new.execute(select(1).select_from(table)).first():
            raise NotMoved(f"Somebody was faster: the target's table {table.name} has rows.")


@contextmanager
def _uncounted(new: Connection) -> Iterator[None]:
    """PostgreSQL's triggers do nothing; SQLite can't be told so, see ``_count_again``."""
    tables = COUNTED if new.dialect.name == "postgresql" else ()
    for name in tables:
        new.exec_driver_sql(f"ALTER TABLE {name} DISABLE TRIGGER USER")
    yield
    for name in tables:
        new.exec_driver_sql(f"ALTER TABLE {name} ENABLE TRIGGER USER")


def _fill(table: Table, old: Connection, new: Connection) -> None:
    try:
        with closing(_read(_parents_first(table), old)) as rows:
            for part in rows.partitions(BATCH):
                new.execute(table.insert(), [dict(row._mapping) for row in part])
    except DBAPIError as error:
        said = str(error.orig).partition("\n")[0]
        raise NotMoved(f"A row of {table.name} doesn't fit into the target: {said}") from error


def _parents_first(table: Table) -> Select[Any]:
    """A folder's path is longer than that of the one around it."""
    order = [func.length(table.c.path)] if "path" in table.c else []
    return select(table).order_by(*order, *table.primary_key.columns)


def _count_again(old: Connection, new: Connection) -> None:
    """SQLite's triggers have counted what was counted; the figures are the source's."""
    if new.dialect.name != "sqlite":
        return
    folders = Base.metadata.tables["folders"]
    kept = select(folders.c.id, *(folders.c[name] for name in COUNTERS))
    with closing(_read(kept, old)) as rows:
        for row in rows:
            values = {name: getattr(row, name) for name in COUNTERS}
            new.execute(update(folders).where(folders.c.id == row.id).values(values))


def _compared(table: Table, old: Connection, new: Connection) -> Moved:
    count, digest = 0, hashlib.sha256()
    whole = select(table).order_by(*table.primary_key.columns)
    with closing(_read(whole, old)) as theirs, closing(_read(whole, new)) as ours:
        for there, here in zip_longest(theirs, ours):
            if there is None or here is None or tuple(there) != tuple(here):
                raise NotMoved(f"A row of {table.name} is another one there: {_key(there)}.")
            digest.update(repr(tuple(here)).encode())
            count += 1
    return Moved(table.name, count, digest.hexdigest())


def _key(row: Row[Any] | None) -> str:
    return "one too many" if row is None else str(row[0])


def _read(statement: Select[Any], connection: Connection) -> CursorResult[Any]:
    return connection.execute(statement, execution_options={"yield_per": BATCH})


def _number_on(new: Connection) -> None:
    """The next row that gets a number gets one that none has; SQLite sees to it by itself."""
    if new.dialect.name != "postgresql":
        return
    for table in Base.metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        highest = new.scalar(select(func.max(column)))
        sequence = func.pg_get_serial_sequence(table.name, column.name)
        if highest is not None and new.scalar(select(sequence)):
            new.execute(select(func.setval(sequence, highest, literal_column("true"))))
