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
import subprocess
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

from frontdesk import settings

VARIABLE = "TEST_DATABASE_URL"
PROGRAMS = "lib/postgresql/*/bin"
USER = "frontdesk"  # makes databases, and is no superuser: as in docs/deploying.md
PATIENCE = 30
LEFT = 600  # seconds after which a folder whose server doesn't run is nobody's
ENOUGH = 2_000_000_000  # bytes that /dev/shm must have, else it is a folder on disk
# A letter's place in English, not its byte: what relies on bytes must say so, or fails here.
SORTED = ["--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"]
# Nothing has to outlive a power cut; the rest keeps two slow cores to the tests.
OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "max_connections": "300",
    "max_wal_size": "4GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "log_min_messages": "fatal",
}
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
    programs = _programs()
    place = "/dev/shm" if _has_room("/dev/shm") else None
    _sweep(Path(place or tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix="frontdesk-", dir=place))
    try:
        as_user = _as_user(folder)
        initdb = [programs / "initdb", "--pgdata", folder / "data", "--auth=trust", "--no-sync"]
        subprocess.run(
            [*as_user, *initdb, "--no-instructions", "--username=postgres", *SORTED],
            check=True, stdout=subprocess.DEVNULL, cwd=folder,
        )  # fmt: skip
        given = [word for pair in OPTIONS.items() for word in ("-c", "=".join(pair))]
        running = subprocess.Popen(
            [*as_user, programs / "postgres", "-D", folder / "data", "-k", folder, *given],
            cwd=folder, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield _opened(folder, running)
        finally:
            running.terminate()  # setpriv has become the server: SIGTERM would wait for visitors
            _end(running)
    finally:
        shutil.rmtree(folder)


def _programs() -> Path:
    found = sorted(Path("/usr").glob(PROGRAMS), key=lambda path: int(path.parent.name))
    if not found:
        why = "PostgreSQL is missing: sudo apt-get install postgresql. Its tests are skipped."
        pytest.exit(f"tests: {why}", returncode=0)
    return found[-1]


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


def _as_user(folder: Path) -> list[str]:
    """Ends with this process, and never runs as root, which PostgreSQL refuses."""
    words = ["setpriv", "--pdeathsig=INT"]
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
        words += ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
    return words


def _opened(folder: Path, running: subprocess.Popen[bytes]) -> str:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with psycopg.connect(host=str(folder), user="postgres", autocommit=True) as connection:
                connection.execute(f"CREATE ROLE {USER} LOGIN CREATEDB")
                return f"postgresql+psycopg://{USER}@/postgres?host={folder}"
        except psycopg.OperationalError:
            if running.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.02)


def _end(running: subprocess.Popen[bytes]) -> None:
    try:
        running.wait(0.5)
    except subprocess.TimeoutExpired:
        running.send_signal(2)  # whoever is connected still is cut off
        running.wait(PATIENCE)


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
