"""Uploads in a folder: bytes in `ID`, facts in `ID.json`, promise and lock in `ID.lock`.

The order of writes is SECURITY.md's: bytes, fdatasync, promise, fdatasync; last rename and both
folders. Locks are `flock`s, so they hold across processes and end with them, even with `kill -9`.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from uuid import UUID

from ..upload import Upload
from . import disk, record
from .contract import Busy, Missing

_PAUSE = 0.02
_LIVE = ("id", "offset", "state", "path", "expires", "forgotten")
_KEPT_FREE = 512 << 20


class LocalStore:
    """Uploads may lie untouched for `expiry` seconds. Several processes may share a folder."""

    def __init__(self, folder: Path, expiry: float = 0.0, keep_free: int = _KEPT_FREE) -> None:
        self.folder, self.expiry, self.keep_free = folder, expiry, keep_free
        self.staging = folder / "staging"
        disk.make_folder(self.staging)

    def create(self, upload: Upload) -> None:
        """Three small files; the name of the last one makes it exist, and all three last."""
        for kind in (".lock", ""):
            path = self.file(upload.id, kind)
            os.close(disk.open_file(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        self.write(upload)
        self._live(upload)

    def write(self, upload: Upload) -> None:
        """The facts; offset and hash state live in the lock file."""
        facts = {name: value for name, value in asdict(upload).items() if name not in _LIVE}
        here = upload.path in (Path(), self.file(upload.id))
        facts["settled"] = "" if here else str(upload.path)
        disk.write_whole(self.file(upload.id, ".json"), json.dumps(facts).encode())

    def find(self, upload_id: UUID) -> Upload:
        """Facts and promise; the two agree under the lock only."""
        try:
            facts = json.loads(self.file(upload_id, ".json").read_bytes())
            settled = facts.pop("settled")
            upload = Upload(id=upload_id, **facts, path=Path(settled))
            self._live(upload)
        except FileNotFoundError:
            raise Missing(str(upload_id)) from None
        return upload

    def _live(self, upload: Upload) -> None:
        fd = disk.open_file(self.file(upload.id, ".lock"), os.O_RDONLY)
        try:
            _, upload.offset, upload.state = record.read(fd)
            touched = os.fstat(fd).st_mtime
        finally:
            os.close(fd)
        upload.expires = touched + self.expiry if self.expiry else 0.0
        if not upload.path.name:
            upload.path = self.file(upload.id)

    def file(self, upload_id: UUID, kind: str = "") -> Path:
        """The name of one of an upload's files."""
        return self.staging / f"{upload_id}{kind}"

    @contextmanager
    def hold(self, upload_id: UUID, patience: float) -> Iterator["LocalHeld"]:
        """By flock on a file that is never replaced."""
        lock = self._lock(upload_id, patience)
        held: LocalHeld | None = None
        try:
            held = LocalHeld(self, self.find(upload_id), lock)
            yield held
        finally:
            if held is not None:
                held.close()
            os.close(lock)

    def _lock(self, upload_id: UUID, patience: float) -> int:
        try:
            fd = disk.open_file(self.file(upload_id, ".lock"), os.O_RDWR)
        except FileNotFoundError:
            raise Missing(str(upload_id)) from None
        try:
            _wait(fd, patience)
            record.settle_claim(fd)
            if not os.fstat(fd).st_nlink:  # removed while we waited
                raise Missing(str(upload_id))
        except BaseException:
            os.close(fd)
            raise
        return fd

    def ids(self) -> Iterator[UUID]:
        """From the folder's listing."""
        for path in self.staging.glob("*.json"):
            yield UUID(path.stem)

    def room(self) -> int:
        """Free bytes above those kept free, which are at most a quarter of the disk."""
        state = os.statvfs(self.staging)
        kept = min(self.keep_free, state.f_blocks * state.f_frsize // 4)
        return max(0, state.f_bavail * state.f_frsize - kept)

    def sweep(self, age: float) -> int:
        """What a crash left: files without facts."""
        old = time.time() - age
        stray = [path for path in self.staging.iterdir() if self._stray(path, old)]
        disk.remove(*stray)
        return len(stray)

    def _stray(self, path: Path, old: float) -> bool:
        try:
            return path.stat().st_mtime < old and not path.with_suffix(".json").exists()
        except FileNotFoundError:
            return False


def _wait(fd: int, patience: float) -> None:
    end = time.monotonic() + patience
    while not _locked(fd):
        if time.monotonic() > end:
            raise Busy
        if patience:
            record.claim(fd)
        time.sleep(_PAUSE)


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class LocalHeld:
    """An upload under its lock."""

    def __init__(self, store: LocalStore, upload: Upload, lock: int) -> None:
        self.store, self.upload, self._lock = store, upload, lock
        self._data = -1
        self._sequence = record.read(lock)[0]

    def open(self) -> int:
        """The data file, cut to the promise."""
        if self._data < 0:
            create = 0 if self.upload.offset else os.O_CREAT
            self._data = disk.open_file(self._path, os.O_RDWR | create)
        size = os.fstat(self._data).st_size
        if size < self.upload.offset:
            raise OSError(f"{self._path} is shorter than what was promised")
        if size > self.upload.offset:
            os.ftruncate(self._data, self.upload.offset)
        os.lseek(self._data, self.upload.offset, os.SEEK_SET)
        return self._data

    @property
    def _path(self) -> Path:
        return self.store.file(self.upload.id)

    def promise(self, offset: int, state: bytes) -> None:
        """Raised only after fdatasync: without it 15 power cuts lost 77 MB."""
        os.fdatasync(self._data)
        self._sequence += 1
        record.write(self._lock, self._sequence, offset, state)
        self.upload.offset, self.upload.state = offset, state

    def save(self) -> None:
        """The facts, all at once."""
        self.store.write(self.upload)

    def wanted(self) -> bool:
        """One read of one byte."""
        return record.claimed(self._lock)

    def settle(self, target: Path) -> None:
        """Rename, then both folders, then the fact."""
        if not self._path.exists() and not target.exists():
            os.fsync(self.open())  # an empty file was never opened
        if self._path.exists() and self._path.stat().st_size < self.upload.offset:
            raise OSError(f"{self._path} is shorter than what was promised")
        disk.move(self._path, target)
        self.upload.path = target
        self.save()

    def join(self, parts: Sequence[UUID]) -> None:
        """By `copy_file_range`: the bytes never come up into Python."""
        fd = self.open()
        for part in parts:
            found = self.store.find(part)
            disk.copy_into(found.path, fd, found.offset)
        self.promise(os.lseek(fd, 0, os.SEEK_CUR), b"")

    def discard(self) -> None:
        """The data file only."""
        disk.remove(self._path)

    def remove(self) -> None:
        """First the facts, by which it exists; the lock last."""
        for kind in (".json", "", ".new", ".lock"):
            disk.remove(self.store.file(self.upload.id, kind))
        disk.sync_folder(self.store.staging)

    def close(self) -> None:
        """The data file; the lock is the caller's."""
        if self._data >= 0:
            os.close(self._data)
            self._data = -1
