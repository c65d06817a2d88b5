"""Bytes on their way into storage: written once, straight to the disk they stay on."""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from uuid import UUID

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

Refusal = Literal["too_large", "no_space", "disk_full"]
NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
WRITE_BACK = 16 * 1024 * 1024
ON_A_THREAD = 64 * 1024
# hashlib lets go of the interpreter while it works: one block is hashed while the next arrives.
_hashers = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="sha256")


class Staged(io.RawIOBase):
    """A file to append to and to read; closing it removes it, unless it was kept.

    ``id`` becomes the blob's name; ``kept`` says that it has. ``refused`` says why the bytes were
    not taken; whoever fills the file sets it.
    """

    refused: Refusal | None = None

    def __init__(self, id: UUID, path: Path, final: Path) -> None:
        """:raise OSError: if ``path`` cannot be made, or is there already."""
        super().__init__()
        self.id, self.size = id, 0
        self._path, self._final = path, final
        self._at = self._written_back = 0
        self.kept = False
        self._hash = hashlib.sha256()
        self._hashing: Future[None] | None = None
        self._file = os.open(path, NEW, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # so that sweep() leaves it alone

    @property
    def sha256(self) -> str:
        """The hash of what was written so far, in hex."""
        self.settle()
        return self._hash.hexdigest()

    def write(self, data: ReadableBuffer, /) -> int:
        """Append all of ``data``, whatever was read meanwhile.

        :raise OSError: if the disk is full or broken; then only :meth:`discard` makes sense
        """
        block = memoryview(data).cast("B")
        return self.take(block if block.readonly else memoryview(bytes(block)))

    def take(self, block: memoryview) -> int:
        """Append without a copy: ``block`` must not change before the next one, or :meth:`settle`.

        :raise OSError: as :meth:`write`
        """
        self.settle()
        if len(block) >= ON_A_THREAD:
            self._hashing = _hashers.submit(self._hash.update, block)
        else:
            self._hash.update(block)
        written = 0
        while written < len(block):
            written += os.pwrite(self._file, block[written:], self.size + written)
        self.size += len(block)
        self._begin_write_back()
        return len(block)

    def keep(self) -> None:
        """Make it a blob that a power cut cannot take; call it before the row is written.

        :raise OSError: if the disk did not take it; the bytes are gone once this is closed
        """
        self.settle()
        os.fdatasync(self._file)
        shard = self._final.parent
        with suppress(FileExistsError):
            shard.mkdir(mode=0o700)
            sync(shard.parent)
        source, target = os.open(self._path.parent, FOLDER), os.open(shard, FOLDER)
        try:
            os.rename(self._path.name, self._final.name, src_dir_fd=source, dst_dir_fd=target)
            self._path = self._final
            os.fsync(target)
            os.fsync(source)
        finally:
            os.close(source)
            os.close(target)
        self.kept = True

    def discard(self) -> None:
        """Give the bytes back to the disk now; what is read afterwards is empty."""
        if not self.closed and not self.kept:
            self._path.unlink(missing_ok=True)
            self.settle()
            os.ftruncate(self._file, 0)
            self._hash, self.size, self._at, self._written_back = hashlib.sha256(), 0, 0, 0

    def close(self) -> None:
        if not self.closed:
            try:
                self.discard()
            finally:
                os.close(self._file)
                super().close()

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        count = os.preadv(self._file, [buffer], self._at)
        self._at += count
        return count

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        if start + offset < 0:
            raise ValueError("before the first byte")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def fileno(self) -> int:
        return self._file

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def settle(self) -> None:
        """Wait until the block before is hashed: at most one is in memory on our account."""
        if self._hashing:
            self._hashing.result()
            self._hashing = None

    def _begin_write_back(self) -> None:
        """Let the disk begin while more arrives, so that keeping 10 GB takes a moment."""
        if self.size - self._written_back >= WRITE_BACK:
            # On Linux DONTNEED starts writing dirty pages, without waiting for them.
            os.posix_fadvise(
                self._file,
                self._written_back,
                self.size - self._written_back,
                os.POSIX_FADV_DONTNEED,
            )
            self._written_back = self.size


def sync(folder: Path) -> None:
    """Names in a folder survive a power cut only after this."""
    file = os.open(folder, FOLDER)
    try:
        os.fsync(file)
    finally:
        os.close(file)
