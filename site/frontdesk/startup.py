"""Before the first request: a secret key, a migrated database."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from math import inf
from pathlib import Path

import click
from flask import Flask
from flask_migrate import Migrate
from sqlalchemy import inspect, make_url, text
from sqlalchemy.exc import DatabaseError, OperationalError

from frontdesk import (
    database_file,
    locks,
    stored_settings,  # noqa: F401  its table
)
from frontdesk.accounts import service
from frontdesk.backup import mark, migrating
from frontdesk.db import db
from frontdesk.settings import BadSetting, flask_command
from frontdesk.storage import from_url

MIGRATIONS = Path(__file__).parent / "migrations"
SHORTEST_KEY, NEW = 16, os.O_WRONLY | os.O_CREAT | os.O_EXCL


def refuse_to_begin_anew(app: Flask) -> None:
    """Files whose database has gone: an empty one would lose who owns them, and purge them.

    :raise BadSetting: if SQLite's file isn't there, or is empty, and stored files are
    """
    url = make_url(app.config["DATABASE_URL"])
    if url.get_backend_name() != "sqlite" or not url.database or flask_command("restore"):
        return
    path = Path(app.instance_path, url.database)
    if path.exists() and (not path.is_file() or path.stat().st_size):
        return
    if _has_files(app):
        raise BadSetting(
            f"The database {path} is not there, but the files of {app.config['STORAGE_URL']} are. "
            "Bring it back, or the newest backup; to begin anew move the files away first."
        )


def _refuse_another_database(app: Flask) -> None:
    """The same on PostgreSQL, where a mistyped name leads to an empty one.

    :raise BadSetting: if there is nothing in it, and stored files are
    """
    if db.engine.dialect.name == "sqlite" or app.config.get("FILLED_NEXT"):  # by flask move
        return
    if _revision() is None and _has_files(app):
        raise BadSetting(
            f"The database {db.engine.url.render_as_string()} is empty, but files are in "
            f"{app.config['STORAGE_URL']}. Mend DATABASE_URL, bring back the newest backup, or "
            "take along what SQLite has by flask move; to begin anew move the files away first."
        )


def _has_files(app: Flask) -> bool:
    try:
        storage = from_url(app.config["STORAGE_URL"], app.instance_path)
        return next(storage.ids(-inf), None) is not None
    except (OSError, ValueError):
        return False  # whoever opens it says what is wrong


def keep_secret_key(app: Flask) -> None:
    """Make the secret key once; processes that start at the same time agree on one.

    :raise BadSetting: if a key was set that can be guessed
    """
    app.config["SECRET_KEY"] = key = app.config["SECRET_KEY"] or _made_key(Path(app.instance_path))
    if len(key) < SHORTEST_KEY and not app.testing:
        raise BadSetting(
            f"SECRET_KEY has {len(key)} characters and can be guessed. Leave it empty, or take "
            "what `flask secret-key` prints."
        )


def migrate(app: Flask) -> None:
    """Bring the database to the newest migration, one process at a time.

    Other machines have another instance folder; they wait in ``migrations/env.py``.

    A copy is kept before. :raise BadSetting: if that can't be; if PostgreSQL can't be reached, or
    holds text in another way than UTF-8; if a restore didn't come to its end
    """
    Migrate(app, db, directory=str(MIGRATIONS), render_as_batch=True)
    if _is_database_command():
        return
    mark.refuse(Path(app.instance_path))
    with app.app_context(), _closed_after(), _reachable(), _in_words():
        if not _is_newest():
            _refuse_another_database(app)
            with locks.alone(Path(app.instance_path) / ".migrating"):
                if not _is_newest():
                    migrating.keep(app, *revisions())
                    _upgrade()


@contextmanager
def _closed_after() -> Iterator[None]:
    """Nothing that is opened before the fork may be shared by workers."""
    try:
        yield
    finally:
        db.engine.dispose()


@contextmanager
def _in_words() -> Iterator[None]:
    """:raise BadSetting: if the database can't be opened, or is none"""
    try:
        yield
    except DatabaseError as error:
        raise BadSetting(
            f"The database {db.engine.url.render_as_string()} can't be used ({error.orig}). "
            + database_file.what_to_do(error.orig)
        ) from error


def _made_key(folder: Path) -> str:
    path = folder / "secret-key"
    if not path.exists():
        draft = folder / f".secret-key-{os.getpid()}-{secrets.token_hex(4)}"
        try:
            with os.fdopen(os.open(draft, NEW, 0o600), "w") as file:
                file.write(secrets.token_hex(32))
                file.flush()
                os.fsync(file.fileno())
            path.hardlink_to(draft)
        except FileExistsError:  # another process was faster: theirs counts
            pass
        except OSError as error:
            raise BadSetting(f"{path} can't be written ({error.strerror}). Mend that.") from error
        finally:
            draft.unlink(missing_ok=True)
    return path.read_text(encoding="utf-8").strip()


def revisions() -> tuple[str | None, str]:
    """Which migration the database has come to, and which is the newest."""
    return _revision(), newest_revision()


def newest_revision() -> str:
    """The newest migration of this version."""
    return max(path.stem.split("_")[0] for path in MIGRATIONS.glob("versions/*.py"))


def _is_newest() -> bool:
    found, newest = revisions()
    return found == newest


def _revision() -> str | None:
    with db.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return version


def _upgrade() -> None:
    from flask_migrate import upgrade  # takes 0.2 s to load, and is needed once a version

    upgrade()


def _is_database_command() -> bool:
    """Whether this is ``flask db …``, which moves by itself, or ``restore``, which brings one."""
    return flask_command("db", "restore")


@contextmanager
def _reachable() -> Iterator[None]:
    if db.engine.dialect.name == "sqlite":
        yield
        return
    try:
        with db.engine.connect() as connection:
            encoding = connection.scalar(text("SHOW server_encoding"))
    except OperationalError as error:
        said = " ".join(str(error.orig).split())
        raise BadSetting(
            f"DATABASE_URL: PostgreSQL can't be reached ({said}). Start it, or mend the address."
        ) from error
    if encoding != "UTF8":
        raise BadSetting(
            f"DATABASE_URL: this database holds text as {encoding}, which lacks most languages. "
            "Make one with: CREATE DATABASE frontdesk ENCODING 'UTF8' TEMPLATE template0;"
        )
    yield


def greet_developer(app: Flask) -> None:
    """With ``flask run`` and no account yet, say where to make the first one."""
    is_first = os.environ.get("WERKZEUG_RUN_MAIN") != "true"  # not the reloader's child
    if flask_command("run") and is_first:
        host, port = _option("127.0.0.1", "--host", "-h"), _option("5000", "--port", "-p")
        click.echo(greeting(app, f"http://{host}:{port}"))


def _option(default: str, *names: str) -> str:
    words = [part for word in sys.argv for part in word.split("=", 1)]
    return next((after for word, after in pairwise(words) if word in names), default)


def greeting(app: Flask, address: str) -> str:
    """What the terminal says once the site serves at ``address``.

    Nobody can open a socket's address: there it is the public one, if that is known.
    """
    if address.startswith("unix:"):
        address = str(app.config["PUBLIC_URL"]).rstrip("/") or "https://YOUR-HOST"
    with app.app_context():
        said = f"Frontdesk is at {address}/"
        if not service.anybody():
            said += f"\nCreate the first account at {address}/setup/{service.setup_token()}"
        db.session.remove()  # which has a connection, and would give it to a pool that is gone
        db.engine.dispose()
    return said
