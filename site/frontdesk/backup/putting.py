"""Put what comes out of a backup where it belongs: settings, database, uploads, blobs."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from uuid import UUID

from flask import Config, Flask
from sqlalchemy import NullPool, create_engine, func, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from frontdesk import locks, settings
from frontdesk.accounts.models import Member
from frontdesk.backup import dump, mark
from frontdesk.backup.mark import sync
from frontdesk.backup.source import Arrived, drain
from frontdesk.storage import Storage, from_url

NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
OWN_CONFIG = "config.py.restored"
DATABASE = ".restored-database"
DRAFT = ".restoring-draft"
A_DAY = 86_400.0


class Refused(Exception):
    """Nothing can be restored here; the message says why, and what to do."""


class Room:
    """The instance that is filled. Its own ``config.py``, if there is one, counts and stays."""

    def __init__(self, app: Flask, *, began_before: bool) -> None:
        self.app, self.instance = app, Path(app.instance_path)
        own = self.instance / "config.py"
        self.keeps_config = own.exists() and not began_before
        self.notes = list[str]()
        self._is_begun, self._wrote_config = False, False
        self._config: Config | None = None
        self._storage: Storage | None = None

    @property
    def config(self) -> Config:
        """The settings that the restored site will have; asked for once its config.py is there."""
        if self._config is None:
            fixed = self.app.extensions["settings"].fixed
            given = {name: self.app.config[name] for name, where in fixed.items() if not where}
            trial = Flask(__name__, root_path=self.app.root_path, instance_path=str(self.instance))
            settings.load(trial, Path(self.app.root_path) / "config.py", given)
            self._config = trial.config
        return self._config

    @property
    def storage(self) -> Storage:
        if self._storage is None:
            self._storage = from_url(self.config["STORAGE_URL"], self.instance)
        return self._storage

    @property
    def url(self) -> URL:
        return make_url(self.config["DATABASE_URL"])

    @property
    def sqlite(self) -> Path:
        """Where SQLite's database belongs."""
        return self.instance / str(self.url.database)

    def begin(self, name: str) -> None:
        """Before a member is put: once the settings are known, see that the place is empty.

        :raise Refused: if it isn't; then nothing was changed
        """
        if self._is_begun or (name == "instance/config.py" and not self.keeps_config):
            return
        try:
            if not mark.is_of(self.instance, self._places()):
                self.refuse_what_is_there()
        except BaseException:
            if self._wrote_config:
                (self.instance / "config.py").unlink()
            raise
        self._is_begun = True
        mark.put(self.instance, self._places())

    def _places(self) -> str:
        """A restore that was stopped goes on in the same ones; any other must be empty."""
        return f"{self.config['DATABASE_URL']} {self.config['STORAGE_URL']}"

    def put(self, arrived: Arrived) -> tuple[int, str]:
        """Place it: its length and SHA-256, for the comparison with the manifest."""
        place, _, name = arrived.name.partition("/")
        if place == "blobs":
            return self._put_blob(arrived, UUID(name))
        if place == "uploads":
            folder = self.storage.beside("uploads") / "staging"
            return _written(arrived, folder / name)
        if place == "instance":
            return self._put_setting(arrived, name)
        return _written(arrived, self.instance / DATABASE)

    def _put_blob(self, arrived: Arrived, id: UUID) -> tuple[int, str]:
        with self.storage.begin(id) as staged:
            size, sha256 = drain(arrived, staged.write)
            staged.keep()
            return size, sha256

    def _put_setting(self, arrived: Arrived, name: str) -> tuple[int, str]:
        if name == "config.py" and self.keeps_config:
            self.notes.append(f"{self.instance}/config.py stays; the backup's is {OWN_CONFIG}.")
            name = OWN_CONFIG
        elif name == "config.py":
            self._wrote_config = True
        if not name.startswith("theme/"):
            return _written(arrived, self.instance / name)
        return _written(arrived, Path(self.config["THEME"]) / name.removeprefix("theme/"))

    def refuse_what_is_there(self) -> None:
        """:raise Refused: if the site has members or files, or runs"""
        if locks.is_held(self.instance / "jobs" / "embedded"):
            raise Refused("The site runs. Stop it first.")
        if next(self.storage.ids(-A_DAY), None) or self._is_used():
            raise Refused(
                f"{self.instance} isn't empty: its database or its storage holds something. Name "
                "an empty folder in FRONTDESK_INSTANCE_PATH, and an empty database."
            )

    def _is_used(self) -> bool:
        """:raise Refused: if the database can't be asked, say since it is what was damaged"""
        try:
            return self._has_rows()
        except SQLAlchemyError as error:
            said = " ".join(str(getattr(error, "orig", None) or error).split())
            raise Refused(
                f"Whether the database is empty can't be seen: {said}. Move its file away, or "
                "start its server."
            ) from error

    def _has_rows(self) -> bool:
        """Whether anybody has an account there; a site that was only started counts as empty."""
        is_sqlite = self.url.get_backend_name() == "sqlite"
        if is_sqlite and not self.sqlite.exists():
            return False
        url = self.url.set(database=str(self.sqlite)) if is_sqlite else self.url
        engine = create_engine(url, poolclass=NullPool)
        with engine.connect() as connection:
            tables = set(inspect(connection).get_table_names())
            some = select(func.count()).select_from(Member)
            if Member.__tablename__ in tables:
                return bool(connection.scalar(some))
            return bool(tables - {"alembic_version"})

    def check_key(self) -> None:
        """Say so if the site goes by another secret key than the one that the backup brought."""
        brought = (self.instance / "secret-key").read_text().strip()
        set_here = str(self.config["SECRET_KEY"])
        if set_here and brought not in {set_here, *self.config["SECRET_KEY_FALLBACKS"]}:
            self.notes.append(
                "SECRET_KEY is set here, and isn't the backup's: everybody is logged out, and "
                "authenticator apps, waiting letters and secrets in the settings can't be read. "
                f"Add that one, which is now in {self.instance}/secret-key, to "
                "SECRET_KEY_FALLBACKS."
            )

    # The database

    def check_database(self, kind: str, revision: str, newest: str) -> None:
        """:raise Refused: if it is of another kind or a later version, or damaged"""
        if kind != self.url.get_backend_name():
            raise Refused(
                f"The backup is of {kind}, and DATABASE_URL names another. Restore it on {kind}, "
                "then move it with flask move."
            )
        if revision > newest:
            raise Refused(
                f"The backup was made by a later version (migration {revision}, here {newest}). "
                "Install that version first."
            )
        if kind == "sqlite":
            self._check_sqlite()

    def _check_sqlite(self) -> None:
        try:
            with closing(sqlite3.connect(self.instance / DATABASE)) as found:
                ((said,),) = found.execute("PRAGMA integrity_check(1)").fetchall()
        except sqlite3.Error as error:
            said = str(error)
        if said != "ok":
            raise Refused(f"The database in the backup is damaged: {said}.")

    def put_database(self) -> None:
        """Make it the site's own: by one rename, or by PostgreSQL's program.

        :raise NoDump: if PostgreSQL refuses
        """
        found = self.instance / DATABASE
        if self.url.get_backend_name() == "sqlite":
            self.sqlite.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            for ending in ("-wal", "-shm", "-journal"):
                Path(f"{self.sqlite}{ending}").unlink(missing_ok=True)
            found.replace(self.sqlite)
            sync(self.sqlite.parent)
        else:
            dump.restore_postgresql(self.url, found)
            found.unlink()


def _written(arrived: Arrived, path: Path) -> tuple[int, str]:
    """A file for our eyes only, on the disk when this returns, and never there by half.

    Half a secret key would keep even ``flask restore`` from starting again.
    """
    _make_folder(path.parent)
    draft = path.parent / DRAFT
    with suppress(FileNotFoundError):
        draft.unlink()
    with os.fdopen(os.open(draft, NEW, 0o600), "wb") as file:
        facts = drain(arrived, file.write)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync(path.parent)
    return facts


def _make_folder(folder: Path) -> None:
    if not folder.exists():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700)
        sync(folder.parent)
