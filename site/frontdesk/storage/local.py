"""Blobs in a folder of this machine.

``FOLDER/staging/UUID`` on the way in, ``FOLDER/ab/UUID`` when kept: one file system, so that
keeping is a rename, and 256 folders, so that none grows huge. Names come from our own UUIDs
only; nothing that a person typed reaches the disk.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO
from uuid import UUID, uuid4

from frontdesk.storage.staged import Staged, sync

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
DAMAGED = "damaged"  # what was put right, kept to be looked at
OTHERS = {"staging", "uploads", DAMAGED}  # folders between those of the blobs
# Without O_NONBLOCK a FIFO in a blob's place would hold the request for ever.
BLOB = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class LocalStorage:
    """One folder, made on the spot; readable by nobody but us.

    :raise OSError: if the folder cannot be made
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.staging = folder / "staging"
        is_new = not self.staging.is_dir()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.staging.mkdir(mode=0o700, exist_ok=True)
        if is_new:  # else a power cut takes the folders along, and all that is in them
            sync(folder)
            sync(folder.parent)

    def begin(self, id: UUID | None = None) -> Staged:
        name = uuid4()
        return Staged(id or name, self.staging / str(name), self.path(id or name))

    def open(self, id: UUID) -> BinaryIO:
        path = self.path(id)
        try:
            shard = os.open(path.parent, FOLDER)
            try:
                blob = os.open(path.name, BLOB, dir_fd=shard)
            finally:
                os.close(shard)
        except OSError as error:  # no such file, or a link (ELOOP, ENOTDIR), or a socket (ENXIO)
            raise FileNotFoundError(f"no blob {id}") from error
        if not stat.S_ISREG(os.fstat(blob).st_mode):
            os.close(blob)
            raise FileNotFoundError(f"no blob {id}")
        return os.fdopen(blob, "rb")

    def path(self, id: UUID) -> Path:
        return self.folder / id.hex[:2] / str(id)

    def delete(self, id: UUID) -> None:
        self.path(id).unlink(missing_ok=True)

    def set_aside(self, id: UUID) -> None:
        aside = self.folder / DAMAGED
        aside.mkdir(mode=0o700, exist_ok=True)
        with suppress(FileNotFoundError):
            self.path(id).rename(aside / f"{id}-{time.time_ns()}")

    def free(self) -> int:
        disk = os.statvfs(self.folder)
        return disk.f_bavail * disk.f_frsize

    def takes(self) -> bool:
        probe = self.staging / str(uuid4())
        try:
            with probe.open("xb", buffering=0) as file:
                file.write(b"?")
        except OSError as error:
            return error.errno in {errno.ENOSPC, errno.EDQUOT}
        finally:
            with suppress(OSError):
                probe.unlink()
        return True

    def capacity(self) -> int:
        disk = os.statvfs(self.folder)
        return disk.f_blocks * disk.f_frsize

    def ids(self, older_than_seconds: float) -> Iterator[UUID]:
        before = time.time() - older_than_seconds
        for path in self.folder.glob("[0-9a-f][0-9a-f]/*"):
            with suppress(FileNotFoundError, ValueError):  # removed meanwhile, or not ours
                if path.lstat().st_mtime < before:
                    yield UUID(path.name)

    def strange(self) -> Iterator[str]:
        for path in self.folder.glob("*/*"):
            if path.parent.name not in OTHERS and not self._is_ours(path):
                yield str(path.relative_to(self.folder))
        for path in self.folder.iterdir():
            if not path.is_dir() or path.is_symlink():
                yield path.name

    def _is_ours(self, path: Path) -> bool:
        try:
            id = UUID(path.name)
            return path == self.path(id) and stat.S_ISREG(path.lstat().st_mode)
        except FileNotFoundError:  # removed meanwhile
            return True
        except ValueError:
            return False

    def beside(self, name: str) -> Path:
        return self.folder / name

    def sweep(self, older_than_seconds: float) -> int:
        before = time.time() - older_than_seconds
        return sum(_abandoned(path, before) for path in list(self.staging.iterdir()))


def _abandoned(path: Path, before: float) -> bool:
    """Remove a staging file that nobody has written to since ``before`` and nobody holds."""
    with suppress(OSError):  # kept or removed meanwhile, or not a file
        file = os.open(path, BLOB)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(file).st_mtime < before:
                path.unlink()
                return True
        finally:
            os.close(file)
    return False
