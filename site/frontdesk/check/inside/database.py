"""The database: it answers, is migrated, and keeps what it has said yes to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flask import current_app
from sqlalchemy import text

from frontdesk import startup
from frontdesk.check.finding import Finding, Line, _, ok, warn, wrong
from frontdesk.db import db, now

# Where SQLite's write-ahead log doesn't work: it needs memory that all processes share.
REMOTE = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "glusterfs"}
OLDEST = 130_000
SAFE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
FAR_OFF = 30.0  # seconds


def migrated() -> Iterator[Finding]:
    """Whether the tables are those of this version."""
    found, newest = startup.revisions()
    if found == newest:
        yield ok("inside.migrated", _("The database is at migration %(found)s."), found=found)
        return
    said = _("The database is at migration %(found)s, and this version needs %(newest)s.")
    todo = _("Restart the site: it migrates at the start.")
    yield wrong("inside.migrated", said, todo, found=found or "–", newest=newest)


def safe() -> Iterator[Finding]:
    """Whether a power cut takes back what was acknowledged."""
    if db.engine.dialect.name == "sqlite":
        yield from _sqlite()
    else:
        yield from _postgresql()


def _sqlite() -> Iterator[Finding]:
    mode = db.session.scalar(text("PRAGMA journal_mode"))
    level = db.session.scalar(text("PRAGMA synchronous"))
    kind = filesystem(Path(str(db.engine.url.database)))
    if kind in REMOTE:
        said = _("SQLite lies on %(kind)s, a network file system, where its locks don’t hold.")
        todo = _("Move the instance folder to a disk of this machine, or take PostgreSQL.")
        yield wrong("inside.database", said, todo, _url(), kind=kind)
    elif (mode, level) == ("wal", 2):
        yield ok("inside.database", _("SQLite keeps what it has acknowledged."))
    else:
        said = _("SQLite runs with journal_mode %(mode)s and synchronous %(level)s, not wal and 2.")
        todo = _("See what changes it: an extension, or a program that opened the file.")
        yield wrong("inside.database", said, todo, mode=mode, level=level)


def _url() -> Line:
    file = Path(current_app.instance_path) / "config.py"
    return Line(str(file), 'DATABASE_URL = "postgresql+psycopg://USER:PASSWORD@HOST/NAME"')


def filesystem(path: Path, mounts: Path = Path("/proc/mounts")) -> str:
    """What kind of file system ``path`` lies on; empty where nobody says."""
    try:
        lines = [line.split() for line in mounts.read_text().splitlines()]
    except OSError:
        return ""
    real = path.resolve()
    under = [(len(words[1]), words[2]) for words in lines if real.is_relative_to(words[1])]
    return max(under, default=(0, ""))[1]


def _postgresql() -> Iterator[Finding]:
    number = int(db.session.scalar(text("SHOW server_version_num")) or 0)
    loose = [
        name
        for name, value in SAFE.items()
        if db.session.scalar(text(f"SHOW {name}")) not in {value, "remote_apply", "remote_write"}
    ]
    if loose:
        said = _("PostgreSQL may lose what it has acknowledged: %(names)s.")
        change = Line("postgresql.conf", f"{loose[0]} = on")
        yield wrong("inside.database", said, _("Switch it on."), change, names=", ".join(loose))
    elif number < OLDEST:
        said, todo = _("PostgreSQL %(number)s is too old."), _("Move to version 13 or newer.")
        yield wrong("inside.database", said, todo, number=number // 10_000)
    else:
        number //= 10_000
        said = _("PostgreSQL %(number)s keeps what it has acknowledged.")
        yield ok("inside.database", said, number=number)
    yield from _trigrams()
    yield from _its_clock()


def _trigrams() -> Iterator[Finding]:
    found = db.session.scalar(text("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'"))
    if found:
        yield ok("inside.search", _("The search has its index."))
        return
    said = _("PostgreSQL lacks pg_trgm: the search reads every name.")
    change = Line("psql", "CREATE EXTENSION pg_trgm;")
    yield warn("inside.search", said, _("Install postgresql-contrib, and add it."), change)


def _its_clock() -> Iterator[Finding]:
    told = db.session.scalar(text("SELECT extract(epoch FROM clock_timestamp())"))
    off = round(abs(float(told or 0) - now().timestamp()))
    if off < FAR_OFF:
        yield ok("inside.database-clock", _("The database’s clock agrees with ours."))
        return
    said = _("The database’s clock is %(seconds)s seconds off.")
    todo = _("Let the machine set its clock: timedatectl set-ntp true.")
    yield wrong("inside.database-clock", said, todo, seconds=off)


CHECKS = (migrated, safe)
