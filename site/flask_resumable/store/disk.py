"""What a careful program does with files: durable, never through a symlink, for our eyes only."""

import contextlib
import errno
import os
import stat
from pathlib import Path

FILE_MODE, FOLDER_MODE = 0o600, 0o700


def sync_folder(folder: Path) -> None:
    """Names in a folder survive a power cut only after this."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def make_folder(folder: Path) -> None:
    """A folder that a power cut leaves there, with all above it that are missing."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True, mode=FOLDER_MODE)
        sync_folder(folder.parent)


def open_file(path: Path, flags: int) -> int:
    """A regular file; never what a symlink points at.

    :raise OSError: it is something else.
    """
    fd = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(f"{path} is not a regular file")
    return fd


def write_whole(path: Path, data: bytes) -> None:
    """The file is the old one or the new one, whatever happens; on return it is the new one."""
    fresh = path.with_suffix(".new")
    fd = open_file(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        if os.write(fd, data) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        os.fsync(fd)
    finally:
        os.close(fd)
    fresh.replace(path)
    sync_folder(path.parent)


def move(source: Path, target: Path) -> None:
    """Rename within a file system, durably. Having been moved already is fine.

    :raise OSError: errno EXDEV when `target` is on another file system: moving there would mean
    copying.
    """
    make_folder(target.parent)
    try:
        source.rename(target)
    except FileNotFoundError:
        if not target.is_file():
            raise
    sync_folder(target.parent)
    sync_folder(source.parent)


def copy_into(source: Path, fd: int, count: int) -> None:
    """Append `count` bytes of a file; by reference where the file system can (btrfs, XFS)."""
    origin = open_file(source, os.O_RDONLY)
    try:
        while count > 0:
            copied = os.copy_file_range(origin, fd, min(count, 1 << 30))
            if not copied:
                raise OSError(f"{source} is shorter than it was promised")
            count -= copied
    finally:
        os.close(origin)


def remove(*paths: Path) -> None:
    """Gone, or was not there."""
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
