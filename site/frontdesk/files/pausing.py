"""While a backup reads, bytes whose rows are gone stay: the rows that it has still name them.

A lock on one file of the storage, which ends with its process. Who removes bytes holds it for a
moment, together with others who do, and leaves them to the next purge where a backup has it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from frontdesk.files import service

LOCK = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def removing() -> Iterator[bool]:
    """Whether bytes may be removed now."""
    lock = _open()
    try:
        yield _shared(lock)
    finally:
        os.close(lock)


def _shared(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def delete(id: UUID) -> None:
    """Remove the bytes of a blob whose row is gone, if they may be removed now."""
    with removing() as may:
        if may:
            service.storage().delete(id)


@contextmanager
def paused() -> Iterator[None]:
    """Nobody removes bytes meanwhile; who is at it comes to an end first."""
    lock = _open()
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _open() -> int:
    return os.open(service.storage().beside("uploads") / "removing", LOCK, 0o600)
