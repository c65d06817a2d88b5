"""A blob that only a post holds goes on counting to the quota of who sent it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("blobs", sa.Column("kept_for", sa.Uuid(), nullable=True))
    op.create_index("ix_blobs_kept_for", "blobs", ["kept_for"])


def downgrade() -> None:
    op.drop_index("ix_blobs_kept_for", table_name="blobs")
    op.drop_column("blobs", "kept_for")
