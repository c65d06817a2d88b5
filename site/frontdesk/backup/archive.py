"""A backup as one archive: an ordinary tar, written once from its beginning to its end.

With a key the whole of it is encrypted: ``age -d -i KEY x.tar.age | tar x``.
"""

from __future__ import annotations

import errno
import os
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

from frontdesk.backup import keys
from frontdesk.backup.copying import Copied, copy, length
from frontdesk.backup.mark import sync
from frontdesk.backup.members import MANIFEST, Header, Item, Member, Writer

NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
ZEROS = bytes(1 << 20)
NO_LINKS = {errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP}


class Archive:
    """Takes members one after the other, and the manifest at the end."""

    def __init__(self, out: BinaryIO, header: Header, spool: Path) -> None:
        self._out, self._now = out, int(time.time())
        self._manifest = cast(BinaryIO, tempfile.TemporaryFile(dir=spool))  # noqa: SIM115  see close()
        self.written = Writer(self._manifest)
        self.header = header

    def begin(self) -> None:
        self.written.begin(self.header)

    def put(self, item: Item) -> Member:
        """Copy it, as long as it was at first: what its head said can't be changed any more.

        Where the disk gives no more in the middle, zeros fill its place.
        """
        size = length(item)
        self._head(item.name, size)
        copied = copy(item, self._out.write, size)
        self._fill(size - copied.size)
        self._fill(-size % tarfile.BLOCKSIZE)
        return self._noted(item, copied, copied.size == size)

    def _noted(self, item: Item, copied: Copied, whole: bool) -> Member:
        member = Member(
            item.name,
            copied.size if whole else 0,
            copied.sha256 if whole else "",
            copied.damaged,
        )
        self.written.add(member)
        return member

    def end(self, left_out: list[str]) -> None:
        """The manifest, by which it is a backup."""
        self.written.end(left_out)
        size = self._manifest.tell()
        self._manifest.seek(0)
        self._head(MANIFEST, size)
        while block := self._manifest.read(1 << 20):
            self._out.write(block)
        self._fill(-size % tarfile.BLOCKSIZE)
        self._fill(2 * tarfile.BLOCKSIZE)
        self._out.flush()

    def close(self) -> None:
        self._manifest.close()

    def _head(self, name: str, size: int) -> None:
        about = tarfile.TarInfo(name)
        about.size, about.mode, about.mtime = size, 0o600, self._now
        self._out.write(about.tobuf(tarfile.PAX_FORMAT))

    def _fill(self, count: int) -> None:
        while count > 0:
            self._out.write(ZEROS[:count])
            count -= len(ZEROS)


@contextmanager
def writing(target: str, header: Header, spool: Path, to: list[Any]) -> Iterator[Archive]:
    """An archive at ``target``, or on standard output for ``-``: there when this ends well.

    :raise OSError: if it can't be written
    """
    with _whole(target) as out, _sealed(out, to) as sink:
        archive = Archive(sink, header, spool)
        try:
            yield archive
        finally:
            archive.close()


@contextmanager
def _sealed(out: BinaryIO, to: list[Any]) -> Iterator[BinaryIO]:
    if not to:
        yield out
        return
    with keys.sealing(out, to) as sink:
        yield sink


def _give_name(draft: Path, path: Path) -> None:
    """A link, unlike a rename, is never made in place of another; where there are none, as on a
    stick with exFAT, an empty file keeps the name until then.
    """
    try:
        path.hardlink_to(draft)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        os.close(os.open(path, NEW, 0o600))
        try:
            draft.rename(path)
        except OSError:
            path.unlink()
            raise


@contextmanager
def _whole(target: str) -> Iterator[BinaryIO]:
    """A file that has its name only when it is whole and on the disk."""
    if target == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(target)
    draft = path.with_name(f".{path.name}.part")
    with suppress(FileNotFoundError):  # of one that was killed
        draft.unlink()
    with os.fdopen(os.open(draft, NEW, 0o600), "wb", 1 << 20) as out:
        try:
            yield out
            out.flush()
            os.fsync(out.fileno())
            _give_name(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    try:
        sync(path.parent)
    except OSError:  # a name that a power cut may take is none
        path.unlink()
        raise
