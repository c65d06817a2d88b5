"""From a body into a file: one thread receives and writes, others hash and flush meanwhile."""

import os
import queue
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from . import writeback
from .lane import Lane
from .stream import Body
from .watch import Stopped

MIB = 1 << 20
_BUFFERS = 4
_BEHIND = 8


Mark = Callable[[int], Callable[[], None]]


class Hasher(Protocol):
    """hashlib's own, or `Sha256`."""

    def update(self, data: memoryview, /) -> None: ...


class TooMuch(Exception):
    """More bytes than may come."""


@dataclass
class Received:
    """Where the file ends now, and why earlier than meant, if so."""

    offset: int
    stopped: Stopped | None = None


@dataclass
class Intake:
    """`receive(body)` writes to `fd` from `offset` on, at most `limit` bytes.

    `mark(offset)` is called after each `every` bytes, with all hashers just there, and gives the
    task that makes them durable; the last bytes are left to the caller. Only one task runs at a
    time, and the receiver is never more than eight `every` ahead of the disk.
    """

    fd: int
    offset: int
    limit: int | None = None
    hashers: Sequence[Hasher] = ()
    mark: Mark | None = None
    every: int = 8 * MIB
    step: Callable[[int], None] | None = None
    """Called in the receiving thread as often, with the offset up to which bytes may come next."""
    _free: "queue.SimpleQueue[bytearray]" = field(default_factory=queue.SimpleQueue)
    _made: int = 0
    _newest: Callable[[], None] | None = None

    def __post_init__(self) -> None:
        self._hash = Lane("resumable-hash", _BUFFERS * 2)
        self._flush = Lane("resumable-flush", _BEHIND)
        self._room, self._marked = self.limit, self.offset

    def receive(self, body: Body) -> Received:
        """All that comes.

        :raise TooMuch: more than `limit` came; what is in the file beyond the last mark is void.
        :raise OSError: the disk is full or broken.
        """
        beside = bool(self.hashers) and (body.left is None or body.left > MIB)
        try:
            stopped = self._loop(body, beside)
        finally:
            self._close()
        return Received(self.offset, stopped)

    def _close(self) -> None:
        try:
            self._hash.close()
        finally:
            self._flush.close()

    def _loop(self, body: Body, beside: bool) -> Stopped | None:
        while True:
            buffer = self._buffer(body)
            count, stopped = _fill(body, memoryview(buffer))
            if count:
                self._write(memoryview(buffer)[:count])
                self._digest(buffer, count, beside)
                self._maybe_mark(beside)
            if stopped or not count:
                return stopped

    def _buffer(self, body: Body) -> bytearray:
        if self._made == _BUFFERS or not self._free.empty():
            return self._free.get()
        self._made += 1
        return bytearray(MIB if body.left is None else max(1, min(MIB, body.left)))

    def _write(self, view: memoryview) -> None:
        if self._room is not None:
            self._room -= view.nbytes
            if self._room < 0:
                raise TooMuch
        start, count = self.offset, view.nbytes
        self.offset += count
        while view.nbytes:
            view = view[os.write(self.fd, view) :]
        if count == MIB:  # a small piece is flushed in a moment anyway
            writeback.begin(self.fd, start, count)

    def _digest(self, buffer: bytearray, count: int, beside: bool) -> None:
        def work() -> None:
            try:
                for hasher in self.hashers:
                    hasher.update(memoryview(buffer)[:count])
            finally:
                self._free.put(buffer)

        self._hash.do(work) if beside else work()

    def _maybe_mark(self, beside: bool) -> None:
        if self.offset - self._marked < self.every:
            return
        self._marked = offset = self.offset
        if self.step is not None:
            self.step(offset + self.every)
        if self.mark is not None:
            note = partial(self._note, self.mark, offset)
            self._hash.do(note) if beside else note()

    def _note(self, mark: Mark, offset: int) -> None:
        self._newest = mark(offset)
        self._flush.do(self._flush_newest)

    def _flush_newest(self) -> None:
        """A slow disk makes several marks durable at once; a failed flush is not tried again."""
        task, self._newest = self._newest, None
        if task is not None and not self._flush.failed:
            task()


def _fill(body: Body, view: memoryview) -> tuple[int, Stopped | None]:
    count = 0
    try:
        while count < view.nbytes and (more := body.readinto(view[count:])):
            count += more
    except Stopped as stopped:
        return count, stopped
    return count, None
