"""Alembic's way in: run the migrations on the site's own database, in one transaction."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from frontdesk.db import Base, Moment, db, in_models


def render(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """Write our own column type as the plain one that the database has."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Moment) else False


with db.engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        render_item=render,
        include_object=in_models,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()
