"""SQLite's file: made at the start and never again, and never written to once it has been moved.

SQLite itself makes an empty database where it finds none, and goes on writing to a file that was
renamed or replaced. Both would lose what is acknowledged.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

# On a full disk SQLite calls its second file's growth an I/O error.
FULL = {"SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"}
Identity = tuple[int, int] | None


def watch(engine: Engine) -> None:
    """Open only the file that is there, and open it anew when another lies in its place."""
    path = engine.url.database or ""
    if path not in {"", ":memory:"} and not path.startswith("file:"):
        event.listen(engine, "do_connect", partial(_open, path))
        event.listen(engine, "checkout", partial(_check, path))


def _open(path: str, dialect: Any, record: Any, words: list[Any], options: dict[str, Any]) -> None:
    words[0], options["uri"] = f"{Path(path).absolute().as_uri()}?mode=rw", True
    if record is not None:
        record.info["file"] = _identity(path)  # before it is opened, so rather too old than new


def _check(path: str, connection: Any, record: Any, proxy: Any) -> None:
    """:raise DisconnectionError: if the connection is to a file that lies elsewhere by now"""
    if record.info.get("file") != _identity(path):
        raise DisconnectionError(f"{path} was moved or replaced")


def _identity(path: str) -> Identity:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def what_to_do(error: BaseException | None) -> str:
    """About a database that can't be opened."""
    if getattr(error, "sqlite_errorname", "") in FULL:
        return "The disk that it lies on is full. Free some of it, then start again."
    return "Bring back the file, its rights or its server; the newest backup if it is damaged."
