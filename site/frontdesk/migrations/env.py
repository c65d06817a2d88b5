"""Alembic's way in: run the migrations on the site's own database, all in one transaction.

What one of them did is gone if a later one fails, on both databases. On PostgreSQL two machines
that start at once wait for each other, and for verbs, by the verbs' own lock.
"""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, text

from frontdesk.db import LOCK, Base, Moment, db, in_models

# Columns of text whose order and ranges are the language's, and change with the system's library.
NOT_BY_BYTES = text("""
    SELECT format('ALTER TABLE %I ', table_name) || string_agg(
        format('ALTER %I TYPE %s COLLATE "C"', column_name,
               CASE data_type WHEN 'text' THEN 'text'
                              ELSE format('varchar(%s)', character_maximum_length) END), ', ')
    FROM information_schema.columns
    WHERE table_schema = current_schema() AND data_type IN ('text', 'character varying')
        AND collation_name IS DISTINCT FROM 'C' AND table_name = ANY(:tables)
    GROUP BY table_name
""")


def render(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """Write our own column type as the plain one that the database has."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Moment) else False


def compare_by_bytes(connection: Connection) -> None:
    """Text on PostgreSQL has SQLite's order, which ranges of paths and lists rely on.

    Indexes by a language's order break when the system's library changes that; these never do.
    """
    ours = list(Base.metadata.tables)
    for statement in connection.scalars(NOT_BY_BYTES, {"tables": ours}).all():
        connection.exec_driver_sql(statement.replace("%", "%%"))


with db.engine.begin() as connection:
    if connection.dialect.name == "postgresql":
        connection.execute(LOCK)
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        render_item=render,
        include_object=in_models,
    )
    with context.begin_transaction():
        context.run_migrations()
    if connection.dialect.name == "postgresql":
        compare_by_bytes(connection)
