"""Locks on files, which end with the process that holds them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

OPEN = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


@contextmanager
def alone(path: Path, busy: Exception | None = None) -> Iterator[None]:
    """Be the only one of all processes in here; who comes later waits, or is told ``busy``."""
    file = os.open(path, OPEN, 0o600)
    try:
        _take(file, busy)
        yield
    finally:
        with suppress(OSError):
            os.close(file)


def _take(file: int, busy: Exception | None) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (fcntl.LOCK_NB if busy else 0))
    except BlockingIOError as error:
        raise busy or error from None


def is_held(path: Path) -> bool:
    """Whether a process has that lock."""
    try:
        lock = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False
