"""Numbers that all processes of a site count together: each writes its own file, a reader adds up.

A file is written by ``pwrite`` into blocks that it has already, so a number costs about two
microseconds, outlives a ``kill -9``, and a full disk can't stop it (a memory map would end the
process there). Whose process has gone is seen by its lock, as with jobs; then its numbers are
added to those of the past, so that they never fall, and files don't pile up.
"""

from __future__ import annotations

import fcntl
import os
import struct
import weakref
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from threading import Lock

from frontdesk import locks

Key = tuple[str, ...]
Totals = dict[Key, list[float]]

HEAD = struct.Struct("<HH")  # how many bytes the key has, and how many numbers follow it
SEPARATOR = "\x1f"
PAST, FOLDED = "past", "folded"


@dataclass(slots=True)
class _Entry:
    """Numbers of one key; ``at`` is where they stand in the file, -1 when it has no room."""

    values: list[float]
    packer: struct.Struct
    at: int = -1


@dataclass(slots=True)
class _Own:
    """What one process has counted, and its file if there is one."""

    pid: int
    file: int
    size: int = 0
    entries: dict[Key, _Entry] = field(default_factory=dict)


class Ledger:
    """Numbers by key, in ``folder``. Nothing is opened before the first is counted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = Lock()
        self._own: _Own | None = None
        self._close: weakref.finalize[..., Ledger] | None = None

    def add(self, key: Key, size: int, changes: Sequence[tuple[int, float]]) -> None:
        """Raise some of the ``size`` numbers of ``key``: (which, by how much)."""
        if self._own and self._own.pid != os.getpid():
            self._leave()
        with self._lock:
            own = self._own or self._begin()
            entry = own.entries.get(key)
            if entry is None:
                entry = own.entries[key] = _Entry([0.0] * size, struct.Struct(f"<{size}d"))
            for which, more in changes:
                entry.values[which] += more
            try:
                self._write(own, key, entry)
            except OSError:  # it is counted here, and written when there is room again
                return

    def totals(self) -> Totals:
        """All numbers, of all processes that there are and were."""
        try:
            with self._alone():
                self._fold()
                return added(read(path) for path in self.folder.glob("*.counts"))
        except OSError:  # no folder can be made: what this process knows
            with self._lock:
                own = self._own
                return {key: list(one.values) for key, one in own.entries.items()} if own else {}

    def _leave(self) -> None:
        """In a child that was forked: what it counts is its own. The parent's file stays locked."""
        if self._close is not None:
            self._close()
        self._lock, self._own, self._close = Lock(), None, None

    def _begin(self) -> _Own:
        file = -1
        with suppress(OSError), self._alone():
            self._fold()
            draft = self.folder / f".{token_hex(8)}"
            file = os.open(draft, locks.OPEN, 0o600)
            self._close = weakref.finalize(self, os.close, file)
            fcntl.flock(file, fcntl.LOCK_EX)
            draft.rename(self.folder / f"{token_hex(8)}.counts")
        self._own = _Own(os.getpid(), file)
        return self._own

    def _alone(self) -> AbstractContextManager[None]:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return locks.alone(self.folder / ".lock")

    def _write(self, own: _Own, key: Key, entry: _Entry) -> None:
        if entry.at >= 0:
            os.pwrite(own.file, entry.packer.pack(*entry.values), entry.at)
        elif own.file >= 0:
            record = _record(key, entry.values)
            if os.pwrite(own.file, record, own.size) == len(record):
                own.size += len(record)
                entry.at = own.size - entry.packer.size

    def _fold(self) -> None:
        """Add what processes counted that have gone to the past; killed in between, it goes on."""
        past = self.folder / f"{PAST}.counts"
        gone = [path for path in self.folder.glob("*.counts") if path != past and _is_left(path)]
        if not gone:
            return
        known = read(past) if past.exists() else {}
        fresh = [read(path) for path in gone if (FOLDED, path.stem) not in known]
        kept = {key: values for key, values in known.items() if key[0] != FOLDED}
        totals = added([kept, *fresh]) | {(FOLDED, path.stem): [] for path in gone}
        draft = self.folder / f".{PAST}"
        draft.write_bytes(b"".join(_record(key, values) for key, values in totals.items()))
        draft.rename(past)
        for path in gone:
            path.unlink()


def read(path: Path) -> Totals:
    """The numbers of one file; what was cut off at its end is left out."""
    data, at = path.read_bytes(), 0
    found: Totals = {}
    while at + HEAD.size <= len(data):
        length, count = HEAD.unpack_from(data, at)
        begin, end = at + HEAD.size, at + HEAD.size + length + 8 * count
        if not length or end > len(data):
            break
        key = data[begin : begin + length].decode(errors="replace")
        found[tuple(key.split(SEPARATOR))] = list(
            struct.unpack_from(f"<{count}d", data, begin + length)
        )
        at = end
    return found


def added(each: Iterable[Totals]) -> Totals:
    """The sum of all; of two shapes, which two versions have written, the longer one counts."""
    totals: Totals = {}
    for one in each:
        for key, values in one.items():
            there = totals.setdefault(key, [0.0] * len(values))
            if len(there) == len(values):
                totals[key] = [a + b for a, b in zip(there, values, strict=True)]
            else:
                totals[key] = max(there, values, key=len)
    return totals


def _record(key: Key, values: Sequence[float]) -> bytes:
    said = SEPARATOR.join(key).encode()
    return HEAD.pack(len(said), len(values)) + said + struct.pack(f"<{len(values)}d", *values)


def _is_left(path: Path) -> bool:
    """Whether nobody writes it any more."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False
    finally:
        os.close(file)
