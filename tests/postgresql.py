"""The same tests on PostgreSQL: ``pytest --database postgresql``.

One server for the whole run, started here in a temporary folder and gone with it, whatever ends
the run; or the one that TEST_DATABASE_URL names, whose user may make databases. Each folder of a
site has a database of its own, as it would have a file on SQLite: ``settings_of(folder)`` names it
for programs, and in this process the site is told when it starts.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg import sql
from sqlalchemy import make_url
from tests.cluster import Cluster, programs

from frontdesk import settings

VARIABLE = "TEST_DATABASE_URL"
LEFT = 600  # seconds after which a folder whose server doesn't run is nobody's
ENOUGH = 2_000_000_000  # bytes that /dev/shm must have, else it is a folder on disk
_made: dict[str, Path] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    choices = ("sqlite", "postgresql")
    parser.addoption("--database", choices=choices, default="sqlite", help="what the sites use")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start the server, unless there is one: workers of xdist use the first process's."""
    if config.getoption("database") == "postgresql" and not os.environ.get(VARIABLE):
        starting = server()
        os.environ[VARIABLE] = starting.__enter__()
        config.add_cleanup(lambda: os.environ.pop(VARIABLE, None))
        config.add_cleanup(lambda: starting.__exit__(None, None, None))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    used = config.getoption("database")
    other = "postgresql" if used == "sqlite" else "sqlite"
    why = {
        "sqlite": "it looks at SQLite's own things",
        "postgresql": "it needs PostgreSQL: pytest --database postgresql",
    }
    for item in items:
        if item.get_closest_marker(other):
            item.add_marker(pytest.mark.skip(reason=why[other]))


def is_used() -> bool:
    """Whether the tests run on PostgreSQL."""
    return VARIABLE in os.environ


def url_of(folder: Path) -> str:
    """Where the site of this instance folder has its database; an empty one if it has none yet."""
    name = _name(folder)
    if name not in _made:
        with _server() as connection:
            there = "SELECT 1 FROM pg_database WHERE datname = %s"
            if not connection.execute(there, [name]).fetchone():
                connection.execute(_words("CREATE DATABASE {} TEMPLATE template0", name))
        _made[name] = folder.resolve()
    whole = make_url(os.environ[VARIABLE]).set(database=name)
    return whole.render_as_string(hide_password=False)


def settings_of(folder: Path) -> dict[str, str]:
    """What the environment of a program says, whose site lies in this instance folder."""
    return {"FRONTDESK_DATABASE_URL": url_of(folder)} if is_used() else {}


def copy(folder: Path, to: Path) -> None:
    """Give the site in ``to`` what the site in ``folder`` has; nobody may be connected to it."""
    url_of(folder)
    name = _name(to)
    with _server() as connection:
        how = "CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy"
        connection.execute(_words(how, name, _name(folder)))
    _made[name] = to.resolve()


def drop(below: Path) -> None:
    """Remove the databases of all sites in or below this folder."""
    gone = [name for name, folder in _made.items() if folder.is_relative_to(below.resolve())]
    if gone:
        with _server() as connection:
            for name in gone:
                connection.execute(_words("DROP DATABASE IF EXISTS {} WITH (FORCE)", name))
                del _made[name]


@contextmanager
def told() -> Iterator[None]:
    """Each site that starts in this process is told its own database, unless it names one."""
    load = settings.load

    def load_here(app: Flask, defaults: Path, overrides: Mapping[str, Any]) -> None:
        is_named = "FRONTDESK_DATABASE_URL" in os.environ or "DATABASE_URL" in overrides
        own = {} if is_named else {"DATABASE_URL": url_of(Path(app.instance_path))}
        load(app, defaults, own | dict(overrides))

    with pytest.MonkeyPatch.context() as patch:
        if is_used():
            patch.setattr(settings, "load", load_here)
        yield


@contextmanager
def server() -> Iterator[str]:
    """A PostgreSQL of our own; where it is."""
    programs()  # or nothing is left behind
    place = "/dev/shm" if _has_room("/dev/shm") else None
    _sweep(Path(place or tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix="frontdesk-", dir=place))
    try:
        cluster = Cluster(folder)
        cluster.make()
        cluster.start()
        try:
            yield cluster.url
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder)


def _sweep(place: Path) -> None:
    """Remove what runs left that were killed: servers of ours without a process."""
    for version in place.glob("frontdesk-*/data/PG_VERSION"):
        data = version.parent
        if time.time() - data.parent.stat().st_mtime > LEFT and not _runs(data):
            shutil.rmtree(data.parent, ignore_errors=True)


def _runs(data: Path) -> bool:
    try:
        pid = (data / "postmaster.pid").read_text().split()[0]
    except (OSError, IndexError):  # it was ended, and took it along
        return False
    return Path("/proc", pid).exists()


def _has_room(place: str) -> bool:
    return os.access(place, os.W_OK) and shutil.disk_usage(place).free > ENOUGH


def _name(folder: Path) -> str:
    return f"site_{hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:24]}"


def _words(statement: str, *names: str) -> sql.Composed:
    return sql.SQL(statement).format(*map(sql.Identifier, names))  # type: ignore[arg-type]


@contextmanager
def _server() -> Iterator[psycopg.Connection[Any]]:
    where = make_url(os.environ[VARIABLE]).set(drivername="postgresql")
    whole = where.render_as_string(hide_password=False)
    with psycopg.connect(whole, autocommit=True) as connection:
        yield connection
