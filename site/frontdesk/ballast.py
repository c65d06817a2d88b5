"""A file that only takes room beside SQLite's, to be given up when the disk is full.

Without it the last byte that somebody else writes ends log-ins, and pages too: to open its database
SQLite makes two files. MIN_FREE_SPACE keeps uploads from eating what became free.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

NAME = "ballast"
PIECE = 1 << 20
SIZE = 8 * PIECE  # SQLite's log begins anew at half of it
LOW = PIECE  # bytes free, below which it is given up


class Ballast:
    """One database's; on a small disk an eighth of that."""

    def __init__(self, folder: Path) -> None:
        self.path, self.folder = folder / NAME, folder

    def begin(self, *_: Any) -> None:
        """Before SQLite is opened or written to: see to it that it can be."""
        with suppress(OSError):  # whatever else is wrong, SQLite says so
            if self._free() < LOW:
                self.path.unlink(missing_ok=True)

    def end(self, *_: Any) -> None:
        """After that: take room again, if there is plenty."""
        with suppress(OSError):
            if not self.path.exists():
                self._take()

    def _take(self) -> None:
        disk = os.statvfs(self.folder)
        size = min(SIZE, disk.f_blocks * disk.f_frsize // 8)
        if self._free() < 3 * size:
            return
        draft = self.folder / f".{NAME}-{os.getpid()}"
        try:
            draft.touch(mode=0o600)
            with draft.open("wb") as file:
                for at in range(0, size, PIECE):
                    file.write(os.urandom(min(PIECE, size - at)))  # nothing presses it together
            draft.rename(self.path)
        finally:
            draft.unlink(missing_ok=True)

    def _free(self) -> int:
        disk = os.statvfs(self.folder)
        return disk.f_bavail * disk.f_frsize


def keep(engine: Engine) -> None:
    """Keep one beside the file of ``engine``, if it is one."""
    path = engine.url.database or ""
    if path not in {"", ":memory:"} and not path.startswith("file:"):
        ballast = Ballast(Path(path).absolute().parent)
        event.listen(engine, "do_connect", ballast.begin)
        event.listen(engine, "begin", ballast.begin)
        event.listen(engine, "commit", ballast.end)
