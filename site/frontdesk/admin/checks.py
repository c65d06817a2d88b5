"""How the site is: what is well, what to look at, and what to do about it."""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from flask import Request, current_app
from flask_babel import gettext as _
from sqlalchemy import func, select, text

from frontdesk import audit, jobs, mail, startup
from frontdesk.admin import proven
from frontdesk.audit import LogEntry
from frontdesk.db import db, now
from frontdesk.files import service as files
from frontdesk.jobs.models import FAILED, WAITING, Job
from frontdesk.language import moment, number, size

LATE = timedelta(days=2)
MOST_COUNTED = 1_000
MOST_FAILED = 20
LOOPBACK = ("127.", "::1", "localhost")


class Check(NamedTuple):
    """One thing that was looked at: what was found, and, where it isn't well, what to do."""

    title: str
    said: str
    todo: str = ""


def of_house() -> Iterator[Check]:
    """What /health looks at, and more."""
    yield _database()
    yield _migrations()
    yield _storage()
    yield _jobs()
    yield _purge()
    yield Check(_("Files"), *proven.files())
    yield _clock()


def of_setup(request: Request) -> Iterator[Check]:
    """How the site is set up, and how this request came to it."""
    yield _mail()
    yield _address(request)
    yield _proxies(request)
    yield _secret_key()
    yield _debug()


def versions() -> list[tuple[str, str]]:
    """What runs here."""
    return [
        ("Frontdesk", _own_version()),
        ("Python", platform.python_version()),
        ("SQLite", sqlite3.sqlite_version),
        *((name, version(name)) for name in ("Flask", "SQLAlchemy", "gunicorn")),
    ]


def failed_jobs() -> list[Job]:
    """The latest that were given up."""
    found = select(Job).where(Job.state == FAILED).order_by(Job.due_at.desc()).limit(MOST_FAILED)
    return list(db.session.scalars(found))


def _own_version() -> str:
    lines = (Path(current_app.root_path) / "pyproject.toml").read_text(encoding="utf-8")
    return next(line.split('"')[1] for line in lines.splitlines() if line.startswith("version"))


def _database() -> Check:
    if db.engine.dialect.name != "sqlite":
        bytes_ = db.session.scalar(text("SELECT pg_database_size(current_database())"))
        return Check(_("Database"), f"PostgreSQL, {size(int(bytes_ or 0))}")
    path = str(db.engine.url.database)
    whole, wal = _size(path), _size(f"{path}-wal")
    todo = _("Something reads for very long. Restart the site.") if wal > max(whole, 10**9) else ""
    said = _("SQLite, %(size)s, and %(wal)s not yet merged", size=size(whole), wal=size(wal))
    return Check(_("Database"), said, todo)


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0


def _migrations() -> Check:
    found, newest = startup.revisions()
    todo = "" if found == newest else _("Restart the site: it migrates at the start.")
    return Check(_("Migration"), f"{found} / {newest}", todo)


def _storage() -> Check:
    free, floor = files.storage().free(), files.kept_free()
    said = _("%(free)s free, %(floor)s of it kept free", free=size(free), floor=size(floor))
    if files.has_room():
        return Check(_("Storage"), said)
    return Check(_("Storage"), said, _("Nothing is taken in. Make room on the disk."))


def _jobs() -> Check:
    waiting, failed = _count(WAITING), _count(FAILED)
    oldest = db.session.scalar(
        select(Job.due_at).where(Job.state == WAITING).order_by(Job.due_at).limit(1)
    )
    said = _("%(waiting)s waiting, %(failed)s failed", waiting=waiting, failed=failed)
    if oldest and oldest < now():
        said += " · " + _("the oldest since %(when)s", when=moment(oldest))
    todo = "" if jobs.keep_up() else _("Nobody does them. Start flask worker, or restart the site.")
    return Check(_("Jobs"), said, todo)


def _count(state: str, *more: Any) -> str:
    """How many jobs, as far as counting is quick."""
    some = select(Job.id).where(Job.state == state, *more).limit(MOST_COUNTED + 1).subquery()
    found = int(db.session.scalar(select(func.count()).select_from(some)) or 0)
    return number(found) if found <= MOST_COUNTED else f"{number(MOST_COUNTED)}+"


def _purge() -> Check:
    last = audit.latest("purge", "purge.wait")
    if last is None:
        return Check(_("Last purge"), _("never"), _("The server does it once a day by itself."))
    late = last.at < now() - LATE
    todo = _("It is due. Run flask purge, and look at the jobs.") if late else ""
    if last.what == "purge.wait":
        todo = _(
            "It waited, since the clock jumped. Check the clock, then run flask purge --force."
        )
    return Check(_("Last purge"), moment(last.at), todo)


def _clock() -> Check:
    newest: datetime | None = db.session.scalar(
        select(LogEntry.at).order_by(LogEntry.at.desc()).limit(1)
    )
    ahead = newest is not None and newest > now() + timedelta(minutes=1)
    todo = _("The log has entries from later: the clock went back. Check it.") if ahead else ""
    return Check(_("Clock"), moment(now()), todo)


def _mail() -> Check:
    if not mail.is_on():
        return Check(_("Mail"), _("off"), _("Links are shown to copy instead. See the settings."))
    waiting, failed = (_count(state, Job.kind == "letter") for state in (WAITING, FAILED))
    said = _("on, %(waiting)s waiting, %(failed)s failed", waiting=waiting, failed=failed)
    return Check(_("Mail"), said)


def _address(request: Request) -> Check:
    said = _(
        "You came by %(scheme)s from %(address)s to %(host)s",
        scheme=request.scheme,
        address=request.remote_addr or "–",
        host=request.host,
    )
    is_near = request.host.startswith(LOOPBACK)
    if not request.is_secure and not is_near:
        return Check(_("Address"), said, _("Passwords can be read on the way. Put https in front."))
    public = str(current_app.config["PUBLIC_URL"]).rstrip("/")
    if not public:
        todo = "" if is_near else _("Set the address of the site, for links that leave it.")
        return Check(_("Address"), said, todo)
    here = request.host_url.rstrip("/")
    todo = "" if here == public else _("Links that leave the site begin with %(a)s", a=public)
    return Check(_("Address"), said, todo)


def _proxies(request: Request) -> Check:
    trusted = int(current_app.config["TRUSTED_PROXIES"])
    said, todo = number(trusted), ""
    if not trusted and "X-Forwarded-For" in request.headers:
        todo = _(
            "A proxy is in front, and is not believed: everybody has its address. Set it to 1."
        )
    return Check(_("Proxies in front"), said, todo)


def _secret_key() -> Check:
    path = Path(current_app.instance_path) / "secret-key"
    if not path.exists():
        return Check(_("Secret key"), _("from the settings"))
    if path.stat().st_mode & 0o077:
        todo = _("Others on this machine can read it. Run chmod 600 on it.")
        return Check(_("Secret key"), _("in a file"), todo)
    return Check(_("Secret key"), _("in a file that only its owner reads"))


def _debug() -> Check:
    todo = _("Stop it: a debugger hands out a console.") if current_app.debug else ""
    return Check(_("Debugger"), _("on") if current_app.debug else _("off"), todo)
