"""Before a migration changes the database, a copy of it is kept: ``instance/backups/before-…``.

Migrations change no file's bytes, so the database is enough. The last three are kept.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask

from frontdesk.backup import dump
from frontdesk.backup.mark import sync
from frontdesk.db import db
from frontdesk.named import BadSetting

FOLDER, KEPT = "backups", 3
DRAFT = ".draft"
SPARE = 16 * 1024 * 1024  # bytes that stay free for the migration itself


def keep(app: Flask, found: str | None, newest: str) -> None:
    """Copy the database, unless it is a fresh one.

    :raise BadSetting: if that can't be done: then it isn't migrated
    """
    if found is None:
        return
    folder = Path(app.instance_path) / FOLDER
    ending = "db" if db.engine.dialect.name == "sqlite" else "dump"
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    kept = folder / f"before-{newest}-{moment}.{ending}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        _refuse_full(folder)
        _copy(folder / f"{DRAFT}.{ending}", kept)
    except (OSError, dump.NoDump) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise BadSetting(
            f"The database must be migrated from {found} to {newest}, and no copy of it can be "
            f"kept in {folder} first: {why}. Mend that, or make a backup and run flask db upgrade."
        ) from error
    app.logger.warning("The database before migration %s is kept as %s", newest, kept)
    _remove_old(folder)


def _copy(draft: Path, kept: Path) -> None:
    """It has its name when it is whole."""
    for left in draft.parent.glob(f"{DRAFT}*"):
        left.unlink()
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
        if draft.suffix == ".db":
            dump.copy_sqlite(Path(str(db.engine.url.database)), draft)
        else:
            dump.dump_postgresql(db.engine.url, draft)
        draft.rename(kept)
        sync(kept.parent)
    finally:
        for left in draft.parent.glob(f"{DRAFT}*"):
            left.unlink()


def _refuse_full(folder: Path) -> None:
    disk = os.statvfs(folder)
    free, needed = disk.f_bavail * disk.f_frsize, dump.size_of(db.engine) + SPARE
    if free < needed:
        raise dump.NoDump(f"it takes {needed:,} bytes, and {free:,} are free")


def _remove_old(folder: Path) -> None:
    copies = sorted(folder.glob("before-*"), key=lambda path: path.stat().st_mtime_ns)
    for path in copies[:-KEPT]:
        path.unlink()
