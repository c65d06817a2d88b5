"""Run a program of ours on bytes that nobody trusts, in a process of its own.

Decoders and parsers are where files attack, so none of them runs in the web process. The child
has no environment and no open files but the bytes, and sets limits on its own memory and time
before it imports anything (``pictures/child.py``, ``files/previews/programs/``).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

# Too long, too much memory, too much output: killed by a limit rather than by a fault.
LIMITS = {-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGXFSZ}


class Busy(Exception):
    """Too many are at work; nothing is wrong with this one."""


class Exceeded(Exception):
    """It took too much time, memory or room."""


class Overdue(Exception):
    """It took too long by the clock on the wall; on a quieter machine it may do."""


class Failed(Exception):
    """The program gave up; ``code`` is how it ended."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the child ended with {code}")
        self.code = code


class Lane:
    """How many children of one kind run at once, and how many requests may wait for a place."""

    def __init__(self, places: int, line: int) -> None:
        self.places = threading.BoundedSemaphore(places)
        # The threads of a server are for all pages.
        self.line = threading.BoundedSemaphore(line)

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """:raise Busy: if the line is full"""
        if not self.line.acquire(blocking=False):
            raise Busy
        try:
            with self.places:
                yield
        finally:
            self.line.release()


def run(program: Path, source: IO[bytes], order: str, seconds: float) -> bytes:
    """What the program at ``program`` writes, given ``source`` as its standard input.

    :raise Exceeded: if a limit stopped it
    :raise Overdue: if it wasn't ready in time
    :raise Failed: if it ended with another code than 0
    """
    with tempfile.TemporaryFile() as answer:
        try:
            done = subprocess.run(  # noqa: S603 - our own program; the order is data to it
                [_python(), "-I", "-B", str(program), order],
                stdin=source,
                stdout=answer,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Overdue from None
        if done.returncode in LIMITS:
            raise Exceeded
        if done.returncode:
            raise Failed(done.returncode)
        answer.seek(0)
        return answer.read()


def _python() -> str:
    """The interpreter we run in; under uWSGI ``sys.executable`` is uWSGI itself."""
    if Path(sys.executable).name.startswith("python"):
        return sys.executable
    return str(Path(sys.prefix, "bin", "python3"))


@contextmanager
def opened(source: Path | IO[bytes]) -> Iterator[IO[bytes]]:
    """A file to read, by its path or as it is; a link is not followed."""
    if not isinstance(source, Path):
        yield source
        return
    with os.fdopen(os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
        yield file
