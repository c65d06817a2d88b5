"""The instance folder, where the site keeps what is its own."""

from __future__ import annotations

import os
from errno import EDQUOT, ENOSPC
from pathlib import Path

from flask import Flask

from frontdesk import ballast
from frontdesk.named import BadSetting

FOR_SQLITE = 65_536  # bytes that it needs to be opened


def make(app: Flask) -> None:
    """:raise BadSetting: if the instance folder can't be made or written, or its disk is full"""
    folder = Path(app.instance_path)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        ballast.Ballast(folder).begin()
        _write_some(folder, FOR_SQLITE if app.config["DATABASE_URL"].startswith("sqlite") else 0)
    except OSError as error:
        if error.errno in {ENOSPC, EDQUOT}:
            raise BadSetting(
                f"The disk that {folder} lies on is full, so the database can't be opened. "
                "Nothing is lost. Make room there, then start again."
            ) from error
        raise BadSetting(
            f"{folder} can't be written ({error.strerror}). Let the user that runs Frontdesk write "
            "it, or name another folder in FRONTDESK_INSTANCE_PATH."
        ) from error


def _write_some(folder: Path, count: int) -> None:
    probe = folder / f".writable-{os.getpid()}"
    try:
        probe.write_bytes(bytes(count))
    finally:
        probe.unlink(missing_ok=True)
