"""The machine: its Python, its user, its clock, and who reads what is the site's."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from flask import current_app
from sqlalchemy import func, select

from frontdesk.audit import LogEntry
from frontdesk.check.finding import Finding, Line, _, ok, warn, wrong
from frontdesk.db import db, now

OLDEST = (3, 11)
READ, ENTER = stat.S_IROTH | stat.S_IWOTH, stat.S_IXOTH
SECRETS = ("secret-key", "config.py")
SHORT, FEW = 32, 10  # characters of a key, and different ones among them
TYPICAL = ("secret", "change", "example", "password", "dev", "test", "frontdesk")


def python() -> Iterator[Finding]:
    """Whether this Python still gets its holes mended."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] >= OLDEST:
        yield ok("inside.python", _("Python %(version)s."), version=version)
        return
    said, todo = _("Python %(version)s is too old."), _("Install Python 3.11 or newer.")
    yield wrong("inside.python", said, todo, version=version)


def clock() -> Iterator[Finding]:
    """Whether time went on since the last entry of the log."""
    newest = db.session.scalar(select(func.max(LogEntry.at)))
    if newest is None or newest <= now() + timedelta(minutes=1):
        yield ok("inside.clock", _("The clock goes on from the log’s last entry."))
        return
    said = _("The log has entries from %(when)s: the clock went back.")
    todo = _("Let the machine set its clock: timedatectl set-ntp true.")
    yield wrong("inside.clock", said, todo, when=f"{newest:%Y-%m-%d %H:%M}")


def permissions() -> Iterator[Finding]:
    """Whether only the site's user reads what is the site's."""
    open_to_all = [
        path for path in (*_kept(), *_database()) if path.exists() and path.stat().st_mode & READ
    ]
    if not open_to_all:
        yield ok("inside.permissions", _("Nobody else on this machine reads what is the site’s."))
    for path in open_to_all:
        if _is_behind_closed_door(path):
            continue
        said = _("Others on this machine can read %(path)s.")
        change = Line(_("a shell"), f"chmod o-rwx {path}")
        yield wrong("inside.permissions", said, _("Close it."), change, path=str(path))


def _kept() -> list[Path]:
    folder = Path(current_app.instance_path)
    return [folder, *(folder / name for name in SECRETS)]


def _database() -> list[Path]:
    is_file = db.engine.dialect.name == "sqlite" and db.engine.url.database
    return [Path(str(db.engine.url.database))] if is_file else []


def _is_behind_closed_door(path: Path) -> bool:
    """Whether the folder lets nobody in, so that the file's own rights don't matter."""
    folder = path.parent
    is_inside = folder == Path(current_app.instance_path)
    return is_inside and not folder.stat().st_mode & ENTER and path.name != "secret-key"


def owner() -> Iterator[Finding]:
    """Whether whoever asks is the site's user: what root writes, the site can't."""
    folder = Path(current_app.instance_path)
    if folder.stat().st_uid == os.geteuid():
        yield ok("inside.owner", _("The instance folder belongs to the user who runs this."))
        return
    said = _("The instance folder belongs to another user than the one who runs this.")
    todo = _("Run commands as the site’s user, or give it the folder.")
    yield warn("inside.owner", said, todo, Line(_("a shell"), f"chown -R frontdesk: {folder}"))


def secret() -> Iterator[Finding]:
    """Whether the key can be guessed: who has it logs in as anybody."""
    key = str(current_app.config["SECRET_KEY"])
    is_typical = any(word in key.lower() for word in TYPICAL)
    if len(key) >= SHORT and len(set(key)) >= FEW and not is_typical:
        yield ok("inside.secret", _("The secret key can’t be guessed."))
        return
    yield wrong(
        "inside.secret",
        _("The secret key is short or made of words: who guesses it logs in as anybody."),
        _("Take what flask secret-key prints, or leave it empty: the site makes one."),
        Line(str(Path(current_app.instance_path) / "config.py"), 'SECRET_KEY = ""'),
    )


CHECKS = (python, clock, permissions, owner, secret)
