"""Settings that the admin changed; a log that can be searched by deed and by person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "settings",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["changed_by"],
            ["members.id"],
            name="fk_settings_changed_by_members",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("name", name="pk_settings"),
    )
    op.create_index("ix_log_what_id", "log", ["what", "id"])
    op.create_index("ix_log_who_id", "log", ["who", "id"])


def downgrade() -> None:
    op.drop_index("ix_log_who_id", table_name="log")
    op.drop_index("ix_log_what_id", table_name="log")
    op.drop_table("settings")
