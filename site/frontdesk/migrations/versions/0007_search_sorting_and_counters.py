"""What search finds, lists sorted by size and date, and counters of what lies in a folder.

Triggers keep the counters, and on SQLite the search's index, so that no verb can forget them; on
PostgreSQL the search has an index of trigrams. Whoever makes ``files`` or ``folders`` anew (a
batch that copies the table) loses those triggers; tests/files/test_counters.py would say so.
"""
# ruff: noqa: S608  each statement is put together from words of this file alone

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from frontdesk.named import BadSetting

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NOT_IN_BIN = sa.text("deleted_at IS NULL")
IN_BIN = sa.text("deleted_at IS NOT NULL")
COUNTERS = {"files_in": sa.Integer(), "folders_in": sa.Integer(), "bytes_in": sa.BigInteger()}
SORTED = {  # beside those by name, which are there
    "ix_files_folder_id_size_id": ("files", ["folder_id", "size", "id"]),
    "ix_files_folder_id_created_at_id": ("files", ["folder_id", "created_at", "id"]),
    "ix_folders_parent_id_created_at_id": ("folders", ["parent_id", "created_at", "id"]),
}
COUNT = """
    UPDATE folders SET
        files_in = (SELECT count(*) FROM files
                    WHERE folder_id = folders.id AND deleted_at IS NULL),
        bytes_in = (SELECT coalesce(sum(size), 0) FROM files
                    WHERE folder_id = folders.id AND deleted_at IS NULL),
        folders_in = (SELECT count(*) FROM folders AS inner_ones
                      WHERE parent_id = folders.id AND deleted_at IS NULL)
"""

# How an id of the index is made: whose it is, whether a folder's, and a number that grows, so
# that a search reads what is one member's alone, the latest first.
OWNER, KIND = 1 << 41, 1 << 40
# What is in the index: the table, its kind, in what it lies, and its size in bytes.
LISTED = (("files", 0, "folder_id", "size"), ("folders", KIND, "parent_id", "0"))
# What PostgreSQL's triggers add to the folder in which a row lies, and take from it again.
COUNTED = (
    ("files", "folder_id", "files_in = files_in {sign} 1, bytes_in = bytes_in {sign} {row}.size"),
    ("folders", "parent_id", "folders_in = folders_in {sign} 1"),
)
# A name as the index takes it: whole, for its pieces of three characters; and with a mark around
# each character, whose pieces of three are then one or two characters of the name.
MARK = "char(1)"
INDEXED = (
    "{row}.name_key || {mark} || {mark} || (SELECT group_concat(character, {mark}) FROM ("
    "SELECT substr({row}.name_key, n, 1) AS character FROM search_positions "
    "WHERE n <= length({row}.name_key) ORDER BY n)) || {mark} || "
    # Folders are few among files: this piece, which only they have, keeps to them at once.
    f"CASE WHEN {{row}}.id & {KIND} THEN char(2) || 'd' || char(2) ELSE '' END"
)
TABLES = (
    "CREATE TABLE search_positions (n INTEGER PRIMARY KEY)",
    "CREATE TABLE search_owners (slot INTEGER PRIMARY KEY, owner_id CHAR(32) NOT NULL UNIQUE)",
    "CREATE TABLE search_names (id INTEGER PRIMARY KEY, thing_id CHAR(32) NOT NULL UNIQUE, "
    "folder_id CHAR(32) NOT NULL, name_key VARCHAR(800) NOT NULL, size BIGINT NOT NULL, "
    "created_at DATETIME NOT NULL)",
    "CREATE VIRTUAL TABLE search_pieces USING fts5(name, content='', columnsize=0, detail=none, "
    "tokenize='trigram case_sensitive 1')",
)
FILL_POSITIONS = """
    WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 1000)
    INSERT INTO search_positions SELECT n FROM counted
"""
FILL_OWNERS = "INSERT INTO search_owners (owner_id) SELECT id FROM members"
FILL_NAMES = """
    INSERT INTO search_names (id, thing_id, folder_id, name_key, size, created_at)
    SELECT slot * {owner} + {kind} + row_number() OVER (PARTITION BY slot ORDER BY created_at, id),
           id, {inside}, name_key, {size}, created_at
    FROM {table} JOIN search_owners USING (owner_id)
    WHERE {inside} IS NOT NULL AND deleted_at IS NULL
"""


def upgrade() -> None:
    for name, kind in COUNTERS.items():
        op.add_column("folders", sa.Column(name, kind, nullable=False, server_default="0"))
    op.execute(COUNT)
    for name, (table, columns) in SORTED.items():
        op.create_index(name, table, columns, sqlite_where=NOT_IN_BIN, postgresql_where=NOT_IN_BIN)
    columns = ["owner_id", "deleted_at", "id"]
    op.create_index(
        "ix_folders_bin", "folders", columns, sqlite_where=IN_BIN, postgresql_where=IN_BIN
    )
    if op.get_bind().dialect.name == "sqlite":
        _index_names()
    else:
        _find_trigrams()
        _count_in_postgresql()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _drop_index_of_names()
    else:
        _leave_postgresql()
    op.drop_index("ix_folders_bin", "folders", sqlite_where=IN_BIN, postgresql_where=IN_BIN)
    for name, (table, _) in SORTED.items():
        op.drop_index(name, table, sqlite_where=NOT_IN_BIN, postgresql_where=NOT_IN_BIN)
    for name in COUNTERS:
        op.drop_column("folders", name)


def _find_trigrams() -> None:
    """:raise BadSetting: if the extension isn't there and can't be made"""
    try:
        if not op.get_bind().scalar(
            sa.text("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
        ):
            op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except sa.exc.DBAPIError as error:
        said = str(error.orig).partition("\n")[0]
        raise BadSetting(
            f"DATABASE_URL: the extension pg_trgm can't be made ({said}). "
            "The search needs it. Install PostgreSQL's contrib package on its server, and let a "
            "superuser run in this database, once: CREATE EXTENSION pg_trgm;"
        ) from error
    for table, _, inside, _ in LISTED:
        on = f"{table} USING gin (name_key gin_trgm_ops)"
        held = f"deleted_at IS NULL AND {inside} IS NOT NULL"
        op.execute(f"CREATE INDEX ix_{table}_search ON {on} WHERE {held}")


def _count_in_postgresql() -> None:
    for table, inside, sums in COUNTED:
        more, less = (
            f"UPDATE folders SET {sums.format(sign=sign, row=row)} "
            f"WHERE id = {row}.{inside} AND {row}.deleted_at IS NULL;"
            for sign, row in (("+", "NEW"), ("-", "OLD"))
        )
        op.execute(
            f"""CREATE FUNCTION {table}_count() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF TG_OP <> 'INSERT' THEN {less} END IF;
                IF TG_OP <> 'DELETE' THEN {more} END IF;
                RETURN NULL;
            END $$"""
        )
        size = ", size" if table == "files" else ""
        op.execute(
            f"""CREATE TRIGGER {table}_count
                AFTER INSERT OR DELETE OR UPDATE OF {inside}, deleted_at{size} ON {table}
                FOR EACH ROW EXECUTE FUNCTION {table}_count()"""
        )


def _leave_postgresql() -> None:
    """The extension stays: others may use it, and whoever made it may have been somebody else."""
    for table, *_ in COUNTED:
        op.execute(f"DROP TRIGGER {table}_count ON {table}")
        op.execute(f"DROP FUNCTION {table}_count()")
        op.drop_index(f"ix_{table}_search", table)


def _index_names() -> None:
    for statement in (*TABLES, *_index_triggers(), FILL_POSITIONS, FILL_OWNERS):
        op.execute(statement)
    for table, kind, inside, size in LISTED:
        op.execute(FILL_NAMES.format(owner=OWNER, kind=kind, inside=inside, size=size, table=table))
    for statement in _triggers().values():
        op.execute(statement)


def _drop_index_of_names() -> None:
    for name in _triggers():
        op.execute(f"DROP TRIGGER {name}")
    for table in ("search_pieces", "search_names", "search_owners", "search_positions"):
        op.execute(f"DROP TABLE {table}")


def _index_triggers() -> list[str]:
    """What is in ``search_names`` is in the index, and is taken out as it was put in."""
    new, old = INDEXED.format(row="NEW", mark=MARK), INDEXED.format(row="OLD", mark=MARK)
    return [
        f"""CREATE TRIGGER search_names_add AFTER INSERT ON search_names BEGIN
            INSERT INTO search_pieces (rowid, name) VALUES (NEW.id, {new});
        END""",
        f"""CREATE TRIGGER search_names_remove AFTER DELETE ON search_names BEGIN
            INSERT INTO search_pieces (search_pieces, rowid, name)
            VALUES ('delete', OLD.id, {old});
        END""",
    ]


def _triggers() -> dict[str, str]:
    """On ``files``, ``folders`` and ``members``, by name."""
    return {
        **_search_triggers(*LISTED[0]),
        **_search_triggers(*LISTED[1]),
        **_count_triggers("files", "folder_id", {"files_in": "1", "bytes_in": "{row}.size"}),
        **_count_triggers("folders", "parent_id", {"folders_in": "1"}),
        "members_forget": """CREATE TRIGGER members_forget AFTER DELETE ON members BEGIN
            DELETE FROM search_owners WHERE owner_id = OLD.id;
        END""",
    }


def _search_triggers(table: str, kind: int, inside: str, size: str) -> dict[str, str]:
    """What can be found: all that lies in a folder and was not deleted itself.

    What lies in a deleted folder stays; whoever searches looks at the folder. A new name counts
    as new.
    """
    new_size = "NEW.size" if size == "size" else size
    base = f"(SELECT slot * {OWNER} + {kind} FROM search_owners WHERE owner_id = NEW.owner_id)"
    add = f"""
        INSERT INTO search_owners (owner_id) SELECT NEW.owner_id WHERE NOT EXISTS (
            SELECT 1 FROM search_owners WHERE owner_id = NEW.owner_id);
        INSERT INTO search_names (id, thing_id, folder_id, name_key, size, created_at)
        SELECT 1 + coalesce((SELECT max(id) FROM search_names
                             WHERE id > {base} AND id < {base} + {KIND}), {base}),
               NEW.id, NEW.{inside}, NEW.name_key, {new_size}, NEW.created_at
        WHERE NEW.{inside} IS NOT NULL AND NEW.deleted_at IS NULL;
    """
    remove = "DELETE FROM search_names WHERE thing_id = OLD.id;"
    return {
        f"{table}_find": f"CREATE TRIGGER {table}_find AFTER INSERT ON {table} BEGIN {add} END",
        f"{table}_lose": f"CREATE TRIGGER {table}_lose AFTER DELETE ON {table} BEGIN {remove} END",
        f"{table}_rename": f"""CREATE TRIGGER {table}_rename
            AFTER UPDATE OF owner_id, name_key, deleted_at ON {table}
            WHEN OLD.owner_id IS NOT NEW.owner_id OR OLD.name_key IS NOT NEW.name_key
                OR OLD.deleted_at IS NOT NEW.deleted_at
            BEGIN {remove} {add} END""",
        f"{table}_move": f"""CREATE TRIGGER {table}_move
            AFTER UPDATE OF {inside}, created_at{", size" if size == "size" else ""} ON {table}
            BEGIN UPDATE search_names SET folder_id = NEW.{inside}, size = {new_size},
                created_at = NEW.created_at WHERE thing_id = NEW.id; END""",
    }


def _count_triggers(table: str, inside: str, counted: dict[str, str]) -> dict[str, str]:
    def change(row: str, sign: str) -> str:
        sums = ", ".join(f"{c} = {c} {sign} {n.format(row=row)}" for c, n in counted.items())
        return f"UPDATE folders SET {sums} WHERE id = {row}.{inside} AND {row}.deleted_at IS NULL;"

    more, less = change("NEW", "+"), change("OLD", "-")
    size = ", size" if "bytes_in" in counted else ""
    return {
        f"{table}_count": f"CREATE TRIGGER {table}_count AFTER INSERT ON {table} BEGIN {more} END",
        f"{table}_uncount": f"""CREATE TRIGGER {table}_uncount AFTER DELETE ON {table}
            BEGIN {less} END""",
        f"{table}_recount": f"""CREATE TRIGGER {table}_recount
            AFTER UPDATE OF {inside}, deleted_at{size} ON {table} BEGIN {less} {more} END""",
    }
