"""Members have an address that can be confirmed, a time zone, and a day on which they leave.

Log-ins are listed by an id, know when they were proven last, and change their secret.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ID = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "gen_random_uuid()"}
NOBODY, NEVER = "0" * 32, "1970-01-01 00:00:00.000000"


def members() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("password_at", MOMENT, nullable=True),
        sa.Column("email_key", sa.String(255), nullable=False, server_default=""),
        sa.Column("email_confirmed_at", MOMENT, nullable=True),
        sa.Column("timezone", sa.String(64), nullable=False, server_default=""),
        sa.Column("silent", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("waiting_since", MOMENT, nullable=True),
        sa.Column("leaves_at", MOMENT, nullable=True),
    )


def sessions() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False, server_default=NOBODY),
        sa.Column("proven_at", MOMENT, nullable=False, server_default=NEVER),
        sa.Column("method", sa.String(16), nullable=False, server_default="password"),
        sa.Column("previous_hash", sa.String(64), nullable=False, server_default=""),
        sa.Column("rotated_at", MOMENT, nullable=True),
    )


def upgrade() -> None:
    # Not in a batch: that would make the table anew, and dropping the old one empties others.
    for column in members():
        op.add_column("members", column)
    op.execute("UPDATE members SET password_at = created_at, email_key = lower(email)")
    op.create_index("ix_members_email_key", "members", ["email_key"])
    op.create_index("ix_members_leaves_at", "members", ["leaves_at"])
    for column in sessions():
        op.add_column("sessions", column)
    made = ID[op.get_bind().dialect.name]
    op.execute(f"UPDATE sessions SET id = {made}, proven_at = created_at")  # noqa: S608
    op.create_index("ix_sessions_id", "sessions", ["id"], unique=True)
    op.create_index("ix_sessions_previous_hash", "sessions", ["previous_hash"])


def downgrade() -> None:
    op.drop_index("ix_sessions_previous_hash", table_name="sessions")
    op.drop_index("ix_sessions_id", table_name="sessions")
    for column in sessions():
        op.drop_column("sessions", column.name)
    op.drop_index("ix_members_leaves_at", table_name="members")
    op.drop_index("ix_members_email_key", table_name="members")
    for column in members():
        op.drop_column("members", column.name)
