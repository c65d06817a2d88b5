"""The log can be searched by address."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_log_address_id", "log", ["address", "id"])


def downgrade() -> None:
    op.drop_index("ix_log_address_id", table_name="log")
