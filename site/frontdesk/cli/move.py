"""``flask move``: take the site's database to PostgreSQL, or back to SQLite."""

from __future__ import annotations

import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import URL, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from frontdesk import locks, transfer
from frontdesk.cli.answers import No, answer, json_option
from frontdesk.db import db
from frontdesk.settings import MEANT, BadSetting


@click.command("move")
@click.option(
    "--database", "url", required=True,
    help="Where to, as DATABASE_URL is written; - reads it from standard input.",
)  # fmt: skip
@json_option
@with_appcontext
def move(url: str, as_json: bool) -> None:
    """Copy the site's database into an empty one, and compare each row.

    Stop the site first: what is written here afterwards is not there. While it copies nobody can
    write. The files stay where they are, and so does this database, which is only read. If it
    ends in the middle the target is empty, and you may run it again.
    """
    where = _meant(sys.stdin.readline().strip() if url == "-" else url)
    if locks.is_held(Path(current_app.instance_path, "jobs", "embedded")):
        raise No("The site runs. Stop it first.")
    db.session.remove()
    done = _moved(where)
    rows = sum(table.rows for table in done)
    line = f"DATABASE_URL = {where.render_as_string(hide_password=False)!r}"
    answer(
        as_json,
        "\n".join(f"{table.table}\t{table.rows}\t{table.digest}" for table in done)
        + f"\n{rows} rows in {len(done)} tables are the same in both."
        + f"\nSet in instance/config.py, then start the site:\n{line}",
        rows=rows,
        tables={table.table: {"rows": table.rows, "sha256": table.digest} for table in done},
    )


def _moved(where: URL) -> list[transfer.Moved]:
    """:raise No: if that can't be done"""
    try:
        _refuse_full(where)
        return _copy(where)
    except (DBAPIError, sqlite3.Error) as error:
        raise No(_why(where, error)) from error
    except OSError as error:
        raise No(f"{where.database} can't be made: {error.strerror}.") from error
    except (transfer.NotMoved, BadSetting) as no:
        raise No(f"{no} Nothing was moved.") from no


def _why(where: URL, error: DBAPIError | sqlite3.Error) -> str:
    said = str(error.orig if isinstance(error, DBAPIError) else error).partition("\n")[0]
    if isinstance(error, OperationalError):
        return (
            f"A database doesn't answer, or is being written ({said}). Stop the site, and see that "
            "the new database is there."
        )
    return f"{where!r} can't be used ({said}). Name an empty database. Nothing was moved."


def _meant(url: str) -> URL:
    pattern, words = MEANT["DATABASE_URL"]
    if not re.fullmatch(pattern, url):
        raise No(f"--database must be {words}.")
    try:
        found = make_url(url)
    except (ArgumentError, ValueError) as error:  # ValueError: a port that is no number
        raise No(f"--database must be {words}.") from error
    if "@" in (found.host or ""):
        raise No("Write @ in the password as %40, : as %3A and / as %2F.")
    if found.drivername == "sqlite":  # as the site reads it
        path = Path(current_app.instance_path, found.database or "")
        found = found.set(database=str(path))
    return found


def _refuse_full(where: URL) -> None:
    """Look into the target before anything is made there; where no file is, none is made."""
    if where.drivername == "sqlite" and not Path(str(where.database)).exists():
        return
    engine = create_engine(where)
    try:
        found = transfer.holds(engine)
    finally:
        engine.dispose()
    if found:
        raise No(f"{where!r} is not empty: it has {found}. Name an empty database.")


def _copy(where: URL) -> list[transfer.Moved]:
    """Let the site itself make the tables, as at its start, and fill them."""
    from frontdesk import create_app  # which adds this command

    if where.drivername == "sqlite":
        _begin_file(Path(str(where.database)))
    source = current_app
    url = where.render_as_string(hide_password=False)
    new = create_app({"INSTANCE_PATH": source.instance_path, "TESTING": source.testing,
                      "DATABASE_URL": url, "FILLED_NEXT": True})  # fmt: skip
    old = db.engine
    with new.app_context():
        try:
            return transfer.copy(old, db.engine)
        finally:
            db.engine.dispose()


def _begin_file(path: Path) -> None:
    """An empty database that only we read: beside files the site takes no missing one for new."""
    path.touch(mode=0o600)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=wal")  # which writes its first page
