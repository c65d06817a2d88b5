"""One moment of the database as a file: SQLite's online backup, or ``pg_dump`` on one snapshot.

Writers go on meanwhile. What the files of a backup are is read from the same moment.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import Connection, NullPool, create_engine, func, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from frontdesk.accounts.models import Member
from frontdesk.db import db
from frontdesk.files.models import Blob, File, Upload

SPOOL = ".backup-"
PAGES = 4_096  # of SQLite, copied in one step
COUNTED = {"members": Member, "files": File, "blobs": Blob, "uploads": Upload}
DEBIAN = "postgresql/*/bin"
# All that migrations make: tables with what belongs to them, and functions but for extensions'.
EMPTY = text("""
DO $$ DECLARE one record; BEGIN
  FOR one IN SELECT oid::regclass AS name FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
  LOOP EXECUTE format('DROP TABLE %s CASCADE', one.name); END LOOP;
  FOR one IN SELECT oid::regprocedure AS name FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
  LOOP EXECUTE format('DROP FUNCTION %s CASCADE', one.name); END LOOP;
END $$
""")


class NoDump(Exception):
    """The database can't be copied; the message says why and what to do."""


@dataclass(slots=True)
class Dump:
    """What the database was at one moment: a file, and what it says of other files."""

    name: str
    path: Path
    revision: str
    blobs: list[tuple[UUID, int, str]]
    uploads: list[UUID]
    counts: dict[str, int]

    @property
    def database(self) -> str:
        return "sqlite" if self.name == "database.db" else "postgresql"


@contextmanager
def spooled() -> Iterator[Path]:
    """Where the database's copy lies meanwhile: beside the database, for our eyes only.

    What a backup that was killed has left there is removed.
    """
    folder = Path(current_app.instance_path)
    for left in folder.glob(f"{SPOOL}*"):
        left.unlink()
    path = folder / f"{SPOOL}{secrets.token_hex(8)}"
    try:
        yield path
    finally:
        for part in folder.glob(f"{path.name}*"):
            part.unlink()


def take(path: Path) -> Dump:
    """Copy the database to ``path``, which nobody else reads.

    :raise NoDump: if that can't be done
    :raise OSError: if the disk doesn't take it
    """
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
    if db.engine.dialect.name == "sqlite":
        copy_sqlite(Path(str(db.engine.url.database)), path)
        engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
        with engine.connect() as connection:
            return _described("database.db", path, connection)
    with _one_moment() as (connection, snapshot):
        dump_postgresql(db.engine.url, path, snapshot)
        return _described("database.dump", path, connection)


def _described(name: str, path: Path, connection: Connection) -> Dump:
    blobs = select(Blob.id, Blob.size, Blob.sha256).order_by(Blob.id)
    counts = {
        what: int(connection.scalar(select(func.count()).select_from(model)) or 0)
        for what, model in COUNTED.items()
    }
    return Dump(
        name,
        path,
        str(connection.scalar(text("SELECT version_num FROM alembic_version"))),
        [(row.id, row.size, row.sha256) for row in connection.execute(blobs)],
        list(connection.scalars(select(Upload.id).order_by(Upload.id))),
        counts,
    )


def copy_sqlite(source: Path, target: Path) -> None:
    """SQLite's own online backup, in steps. It reads one moment: without that each write beside
    it would make it begin anew.

    :raise NoDump: if SQLite can't, or there is no ``source``: it would make one
    """
    there = f"{source.absolute().as_uri()}?mode=rw"
    try:
        with (
            closing(sqlite3.connect(there, 10, isolation_level=None, uri=True)) as reading,
            closing(sqlite3.connect(target)) as writing,
        ):
            reading.execute("BEGIN")
            reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
            reading.backup(writing, pages=PAGES, sleep=0.01)
            reading.execute("ROLLBACK")
            writing.execute("PRAGMA journal_mode=delete")  # one file, complete in itself
    except sqlite3.Error as error:
        raise NoDump(f"The database can't be copied: {error}.") from error
    sync(target)


@contextmanager
def _one_moment() -> Iterator[tuple[Connection, str]]:
    """A connection to PostgreSQL that sees one moment, and the name by which others see it too.

    Of an engine of its own: that of the site says for each transaction what it sees.
    """
    engine = create_engine(db.engine.url, isolation_level="REPEATABLE READ", poolclass=NullPool)
    with engine.connect() as connection:
        yield connection, str(connection.scalar(text("SELECT pg_export_snapshot()")))


def dump_postgresql(url: URL, target: Path, snapshot: str = "") -> None:
    """``pg_dump`` in its custom format.

    :raise NoDump: if it isn't installed, or refuses
    """
    words = ["--format=custom", f"--file={target}", "--no-password"]
    run("pg_dump", url, *words, *([f"--snapshot={snapshot}"] if snapshot else []))
    sync(target)


def restore_postgresql(url: URL, dumped: Path) -> None:
    """Put what ``pg_dump`` wrote in the place of all that is there, also of a later version.

    :raise NoDump: if PostgreSQL refuses
    """
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.begin() as connection:
            connection.execute(EMPTY)
    except SQLAlchemyError as error:
        raise NoDump(f"The database can't be emptied: {error}") from error
    words = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges"]
    run("pg_restore", url, *words, "--no-comments", "--clean", "--if-exists", str(dumped))


def run(program: str, url: URL, *words: str) -> None:
    """Run one of PostgreSQL's programs on that database; the password isn't seen in lists of them.

    :raise NoDump: if it isn't installed, or refuses
    """
    plain = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    secret = {"PGPASSWORD": str(url.password)} if url.password else {}
    done = subprocess.run(  # noqa: S603  our own words, and the operator's address
        [_found(program), *words, f"--dbname={plain}"],
        env=os.environ | secret,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise NoDump(f"{program} says: {done.stderr.strip()[-500:]}")


def _found(program: str) -> str:
    """The newest: one that is older than the server refuses it."""
    there = sorted(Path("/usr/lib").glob(f"{DEBIAN}/{program}"), key=_major)
    found = str(there[-1]) if there else which(program)
    if not found:
        raise NoDump(f"{program} is missing. Install PostgreSQL's client: postgresql-client.")
    return found


def _major(path: Path) -> int:
    version = path.parts[-3]
    return int(version) if version.isdigit() else 0


def sync(path: Path) -> None:
    """What was written there outlasts a power cut."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def size_of(engine: Any) -> int:
    """How many bytes a copy takes at most."""
    if engine.dialect.name == "sqlite":
        path = Path(str(engine.url.database))
        return sum(p.stat().st_size for p in (path, Path(f"{path}-wal")) if p.exists())
    with engine.connect() as connection:
        return int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)
