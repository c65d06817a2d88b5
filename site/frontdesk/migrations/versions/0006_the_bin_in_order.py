"""The bin is listed by when things went there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

IN_BIN = sa.text("deleted_at IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_files_bin",
        "files",
        ["owner_id", "deleted_at", "id"],
        sqlite_where=IN_BIN,
        postgresql_where=IN_BIN,
    )


def downgrade() -> None:
    op.drop_index("ix_files_bin", table_name="files", sqlite_where=IN_BIN, postgresql_where=IN_BIN)
