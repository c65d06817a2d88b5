"""Each blob says when its bytes were last read again and found right."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("blobs", sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_blobs_verified_at", "blobs", ["verified_at"])


def downgrade() -> None:
    op.drop_index("ix_blobs_verified_at", table_name="blobs")
    op.drop_column("blobs", "verified_at")
