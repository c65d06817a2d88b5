"""Folders know their path and can be in the bin; files keep earlier versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NOT_IN_BIN = sa.text("deleted_at IS NULL")
# Each folder's path from its parent's, outermost first.
FILL_PATHS = """
    WITH RECURSIVE tree (id, path, path_key) AS (
        SELECT id, CAST(name AS TEXT), CAST(name_key AS TEXT) FROM folders
        WHERE parent_id IS NULL
        UNION ALL
        SELECT inside.id,
               CASE tree.path WHEN '' THEN '' ELSE tree.path || '/' END || inside.name,
               CASE tree.path_key WHEN '' THEN '' ELSE tree.path_key || '/' END || inside.name_key
        FROM folders AS inside JOIN tree ON inside.parent_id = tree.id
    )
    UPDATE folders SET path = tree.path, path_key = tree.path_key
    FROM tree WHERE tree.id = folders.id
"""

# What is in the bin may be called like what isn't; cut, for PostgreSQL holds to the lengths.
NAME_APART = """
    UPDATE folders SET name = substr(name, 1, 200) || ' ' || CAST(id AS TEXT),
                       name_key = substr(name_key, 1, 700) || ' ' || CAST(id AS TEXT)
    WHERE deleted_at IS NOT NULL AND parent_id IS NOT NULL
"""


def upgrade() -> None:
    # Not in a batch: that would make the table anew, and dropping the old one empties `files`.
    op.add_column("folders", sa.Column("path", sa.Text(), nullable=False, server_default=""))
    op.add_column("folders", sa.Column("path_key", sa.Text(), nullable=False, server_default=""))
    op.add_column("folders", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("folders", sa.Column("deleted_with", sa.Uuid(), nullable=True))
    op.execute(FILL_PATHS)
    op.drop_index("uq_folders_parent_id_name_key", table_name="folders")
    op.create_index(
        "uq_folders_parent_id_name_key",
        "folders",
        ["parent_id", "name_key"],
        unique=True,
        sqlite_where=NOT_IN_BIN,
        postgresql_where=NOT_IN_BIN,
    )
    op.create_index("ix_folders_owner_id_path_key", "folders", ["owner_id", "path_key"])
    op.create_index("ix_folders_deleted_with", "folders", ["deleted_with"])
    op.add_column("files", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.create_table(
        "versions",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("blob_id", sa.Uuid(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name="fk_versions_blob_id_blobs"),
        sa.ForeignKeyConstraint(
            ["file_id"], ["files.id"], name="fk_versions_file_id_files", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("file_id", "number", name="pk_versions"),
    )
    op.create_index("ix_versions_blob_id", "versions", ["blob_id"])


def downgrade() -> None:
    """What is in the bin as a folder comes back from it as files: nothing of it is lost."""
    op.drop_index("ix_versions_blob_id", table_name="versions")
    op.drop_table("versions")
    op.drop_column("files", "version")
    op.drop_index("ix_folders_deleted_with", table_name="folders")
    op.drop_index("ix_folders_owner_id_path_key", table_name="folders")
    op.drop_index(
        "uq_folders_parent_id_name_key",
        table_name="folders",
        sqlite_where=NOT_IN_BIN,
        postgresql_where=NOT_IN_BIN,
    )
    op.execute(NAME_APART)
    op.create_index(
        "uq_folders_parent_id_name_key", "folders", ["parent_id", "name_key"], unique=True
    )
    for column in ("deleted_with", "deleted_at", "path_key", "path"):
        op.drop_column("folders", column)
