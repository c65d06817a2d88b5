"""The server's own backup: into BACKUP_TO each day, so that nobody needs a shell for it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from flask import current_app
from sqlalchemy import select

from frontdesk import jobs
from frontdesk.audit import LogEntry
from frontdesk.backup import history, making
from frontdesk.backup.folder import MARK
from frontdesk.db import db, now

EARLY = timedelta(hours=12)
LOOKED_AT = 100  # entries of the log


def folder() -> Path | None:
    """BACKUP_TO, where a relative path lies in the instance folder; None if it isn't set."""
    to = str(current_app.config["BACKUP_TO"])
    return Path(current_app.instance_path, to).absolute() if to else None


@jobs.task("backup", minutes=24 * 60, daily=True)
def back_up(date: str) -> None:
    """Make a backup if one is due. One that fails is tried again, then stands among the jobs.

    :raise NoBackup: if it can't be made
    """
    to = folder()
    if to is None or not current_app.config["BACKUP_EVERY"]:
        return
    before, every = _last_there(to), timedelta(days=current_app.config["BACKUP_EVERY"])
    if before and now() - every + EARLY < before.at <= now():  # later: by a clock that had jumped
        return
    if before and not (to / MARK).exists():
        why = f"{to} has none of the backups that were made there. Mount its disk."
        history.note(history.FAILED, why=why, where=str(to))
        raise making.NoBackup(why)
    config = current_app.config
    making.make(f"{to}/", key=config["BACKUP_KEY"], keep=config["BACKUP_KEEP"])


def _last_there(to: Path) -> LogEntry | None:
    made = select(LogEntry).where(LogEntry.what == history.MADE).order_by(LogEntry.id.desc())
    found = db.session.scalars(made.limit(LOOKED_AT)).all()
    return next((entry for entry in found if entry.facts.get("where") == str(to)), None)
