"""All that stands in a database, to compare; and rows for every table that it has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, Connection, MetaData, Table, select, text, types

from frontdesk.db import db, in_models

# What a database says of itself: SQLite in its own words; PostgreSQL's columns, indexes,
# constraints, triggers and functions. Each line has a name and its words.
SQLITE = """
    SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND sql IS NOT NULL
"""
POSTGRESQL = """
    SELECT table_name || '.' || column_name, concat_ws(' ', data_type, character_maximum_length,
           collation_name, is_nullable, column_default)
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
"""
TABLES = {
    "sqlite": text("SELECT name FROM sqlite_master WHERE type = 'table'"),
    "postgresql": text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"),
}
BORN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NEVER_FILLED = {"deleted_at", "deleted_with", "kept_for", "disabled_at", "leaves_at"}


def schema(connection: Connection | None = None) -> list[tuple[str, str]]:
    """What the database says of its tables and all that belongs to them."""
    if connection is None:
        with db.engine.connect() as own:
            return schema(own)
    words = SQLITE if connection.dialect.name == "sqlite" else POSTGRESQL
    return sorted((name, said) for name, said in connection.exec_driver_sql(words))


def tables(connection: Connection) -> dict[str, Table]:
    """All but the search's, parents first."""
    found = MetaData()
    found.reflect(connection, only=lambda name, _: bool(in_models(0, name, "table")))
    return {table.name: table for table in found.sorted_tables}


def rows() -> dict[str, list[dict[str, Any]]]:
    """Of each table its rows, in an order that is always the same; Alembic's own is one."""
    with db.engine.connect() as connection:
        names = connection.scalars(TABLES[connection.dialect.name]).all()
        found = {}
        for name in filter(lambda name: in_models(0, name, "table"), names):
            read = connection.exec_driver_sql(f"SELECT * FROM {name}")
            found[name] = sorted((dict(row) for row in read.mappings()), key=repr)
        return found


def fill() -> None:
    """Two rows for each table that has none: the second belongs to the first where it can."""
    with db.engine.begin() as connection:
        found = tables(connection)
        ids: dict[str, list[dict[str, Any]]] = {}
        for name, table in found.items():
            held = [dict(row._mapping) for row in connection.execute(select(table))]
            for number in range(0 if held else 2):
                row = dict(_row(table, number, ids, held))
                connection.execute(table.insert().values(row))
                held.append(row)
            ids[name] = held


def _row(
    table: Table, number: int, ids: dict[str, list[dict[str, Any]]], own: list[dict[str, Any]]
) -> Iterator[tuple[str, Any]]:
    for column in table.columns:
        if column.name in NEVER_FILLED:
            continue
        if key := next(iter(column.foreign_keys), None):
            parents = own if key.column.table is table else ids[key.column.table.name]
            if parents:
                one = parents[0 if column.name == "owner_id" else number % len(parents)]
                yield column.name, one[key.column.name]
        elif table.name == "folders" and column.name in {"name", "name_key", "path", "path_key"}:
            yield column.name, f"ä{number}"[: number * 2]  # the outermost folder has no name
        else:
            yield column.name, _value(column, number)


_numbers = count(1)


def _value(column: Column[Any], number: int) -> Any:
    kind = column.type
    if isinstance(kind, types.Uuid) or getattr(kind, "length", 0) == 32:
        made = UUID(int=next(_numbers))
        return made if isinstance(kind, types.Uuid) else made.hex
    for of, value in (
        (types.DateTime, BORN),
        (types.Boolean, bool(number)),
        (types.Integer, number + 1),
        (JSON, {"of": column.name}),
        (types.LargeBinary, bytes([number])),
    ):
        if isinstance(kind, of):
            return value
    return f"{number}é{column.name}"[: getattr(kind, "length", None)]
