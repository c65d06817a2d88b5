"""A folder by its descriptor, so that no link in it leads elsewhere, and files that are whole."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

DRAFT = ".draft-"
OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Place:
    """A folder by its descriptor: names in it mean what lies in it, and nothing else."""

    def __init__(self, at: int) -> None:
        self.at = at

    def sub(self, name: str) -> Place:
        """A folder in it, made if it isn't there.

        :raise OSError: if a link or a file has its name
        """
        with suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=self.at)
            os.fsync(self.at)
        return self.into(name)

    def into(self, name: str) -> Place:
        """A folder in it. :raise OSError: if there is none, or a link or a file has its name"""
        return Place(os.open(name, OPEN_FOLDER, dir_fd=self.at))

    def open(self, name: str) -> BinaryIO:
        """:raise OSError: if there is none, or a link"""
        return os.fdopen(os.open(name, READ, dir_fd=self.at), "rb")

    def size(self, name: str) -> int:
        """Of an ordinary file of that name; -1 if there is none."""
        try:
            return os.stat(name, dir_fd=self.at, follow_symlinks=False).st_size
        except FileNotFoundError:
            return -1

    def names(self) -> list[str]:
        return sorted(os.listdir(self.at))  # noqa: PTH208  no path: a descriptor

    def remove(self, name: str) -> None:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self.at)

    @contextmanager
    def draft(self) -> Iterator[tuple[BinaryIO, str]]:
        """A file without its name yet; gone when this ends, unless it was given one."""
        name = DRAFT + secrets.token_hex(8)
        with os.fdopen(os.open(name, NEW, 0o600, dir_fd=self.at), "w+b", 1 << 20) as file:
            try:
                yield file, name
            finally:
                with suppress(OSError):  # then the next backup sweeps it
                    self.remove(name)

    def keep(self, file: BinaryIO, draft: str, name: str, into: Place) -> None:
        """Give a draft its name: all of it is on the disk before, the name after, or it has none.

        :raise OSError: if the disk doesn't take it
        """
        file.flush()
        os.fsync(file.fileno())
        os.rename(draft, name, src_dir_fd=self.at, dst_dir_fd=into.at)
        try:
            os.fsync(into.at)
        except OSError:
            into.remove(name)
            raise

    def close(self) -> None:
        os.close(self.at)
