"""Copy one item, and say what came: its length, its SHA-256, and what is wrong with it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from frontdesk.backup.members import Item

BLOCK = 1 << 20
Write = Callable[[memoryview], object]


@dataclass(slots=True)
class Copied:
    """``size`` bytes of that SHA-256 were written. ``damaged`` is empty, or says what is wrong."""

    size: int
    sha256: str
    damaged: str = ""


def copy(item: Item, write: Write, most: int | None = None) -> Copied:
    """Give all of ``item``, or its first ``most`` bytes, to ``write``; what is missing is told.

    :raise OSError: as ``write`` raises it: then nothing else is worth trying
    """
    try:
        source = item.open()
    except FileNotFoundError:
        return Copied(0, "", "is missing")
    except OSError as error:
        return Copied(0, "", f"can't be read ({error.strerror})")
    with source:
        return _copy(item, source, write, item.size if most is None else most)


def _copy(item: Item, source: BinaryIO, write: Write, most: int) -> Copied:
    hashed, size, why = hashlib.sha256(), 0, ""
    while size < most:
        try:
            block = source.read(min(BLOCK, most - size))
        except OSError as error:
            why = f"can't be read from byte {size} on ({error.strerror})"
            break
        if not block:
            break
        hashed.update(block)
        write(memoryview(block))
        _drop(source, size, len(block))
        size += len(block)
    found = hashed.hexdigest()
    return Copied(size, found, why or wrong(item, size, found, source))


def wrong(item: Item, size: int, sha256: str, source: BinaryIO) -> str:
    """What is wrong with what was read."""
    if size < item.size:
        return f"has {size} bytes, and had {item.size}"
    if not item.grows and source.read(1):
        return f"is longer than the {item.size} bytes that it had"
    if item.sha256 and sha256 != item.sha256:
        return "isn't what was sent: its SHA-256 is another"
    return ""


def _drop(source: BinaryIO, start: int, size: int) -> None:
    """What was read doesn't push others' files out of memory."""
    with suppress(OSError):  # it is in memory, and no file
        os.posix_fadvise(source.fileno(), start, size, os.POSIX_FADV_DONTNEED)


def looked_at(item: Item) -> str:
    """What is wrong with an item whose bytes a backup has already, as far as its length tells."""
    try:
        with item.open() as source:
            size = source.seek(0, os.SEEK_END)
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"can't be read ({error.strerror})"
    return "" if size == item.size else f"has {size} bytes, and had {item.size}"


def length(item: Item) -> int:
    """How many bytes of it there are, at most as many as it should have."""
    try:
        with item.open() as source:
            return min(item.size, source.seek(0, os.SEEK_END))
    except OSError:
        return 0
