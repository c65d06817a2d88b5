"""Make small, clean pictures of whatever people send.

Decoders are where pictures attack, so they run in a process of their own (``child.py``) that
has little memory, little time and nothing to steal: no environment, no open files.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ["Busy", "NotAPicture", "PictureTooLarge", "render"]

CHILD = Path(__file__).with_name("child.py")
SECONDS = 15
MOST_BYTES = 64 * 1024 * 1024
NOT_A_PICTURE, TOO_LARGE = 3, 4  # as child.py exits
# Too long, too much memory, too much output: killed by a limit rather than by a fault.
LIMITS = {-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGXFSZ}
# Each may take 768 MiB for a moment.
_places = threading.BoundedSemaphore(2)
# Those and some that wait; the threads of a server are for all pages.
_queue = threading.BoundedSemaphore(10)


class Busy(Exception):
    """Too many pictures are being made; nothing is wrong with this one."""


class NotAPicture(Exception):
    """It is no PNG, JPEG, WebP or GIF, or it is broken."""


class PictureTooLarge(Exception):
    """It has over 40 megapixels or 64 MiB, or took too much memory or time."""


def render(source: Path | IO[bytes], sizes: Mapping[str, int], square: bool) -> dict[str, bytes]:
    """WebP pictures by the names in ``sizes``, each at most so many pixels wide and high.

    Turned upright, the first frame only, without metadata, never larger than the original;
    ``square`` cuts the middle out. ``source`` may also be an open file that has a descriptor.

    :raise NotAPicture: if it is no PNG, JPEG, WebP or GIF
    :raise PictureTooLarge: if it is beyond what we take the trouble for
    :raise Busy: if ten others are ahead
    """
    with _in_line(), _opened(source) as file, tempfile.TemporaryFile() as answer, _places:
        if os.fstat(file.fileno()).st_size > MOST_BYTES:
            raise PictureTooLarge
        _run(file, answer, json.dumps({"sizes": dict(sizes), "square": square}))
        answer.seek(0)
        lengths: dict[str, int] = json.loads(answer.readline())
        return {name: answer.read(length) for name, length in lengths.items()}


@contextmanager
def _in_line() -> Iterator[None]:
    if not _queue.acquire(blocking=False):
        raise Busy
    try:
        yield
    finally:
        _queue.release()


def _run(file: IO[bytes], answer: IO[bytes], order: str) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - our own program, and no word of the visitor's
            [_python(), "-I", "-B", str(CHILD), order],
            stdin=file,
            stdout=answer,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PictureTooLarge from None
    if done.returncode == TOO_LARGE or done.returncode in LIMITS:
        raise PictureTooLarge
    if done.returncode:
        raise NotAPicture


def _python() -> str:
    """The interpreter we run in; under uWSGI ``sys.executable`` is uWSGI itself."""
    if Path(sys.executable).name.startswith("python"):
        return sys.executable
    return str(Path(sys.prefix, "bin", "python3"))


@contextmanager
def _opened(source: Path | IO[bytes]) -> Iterator[IO[bytes]]:
    if not isinstance(source, Path):
        yield source
        return
    with os.fdopen(os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
        yield file
