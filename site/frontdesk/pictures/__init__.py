"""Make small, clean pictures of whatever people send.

Decoders are where pictures attack, so they run in a process of their own (``child.py``, by
``frontdesk.sandbox``) that has little memory, little time and nothing to steal.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, NamedTuple

from frontdesk import sandbox
from frontdesk.sandbox import Busy

__all__ = ["Busy", "NotAPicture", "PictureTooLarge", "Rendered", "measured", "render"]

CHILD = Path(__file__).with_name("child.py")
SECONDS = 15
MOST_BYTES = 64 * 1024 * 1024
TOO_LARGE = 4  # as child.py exits
lane = sandbox.Lane(2, 10)  # each may take 768 MiB for a moment


class NotAPicture(Exception):
    """It is no PNG, JPEG, WebP or GIF, or it is broken."""


class PictureTooLarge(Exception):
    """It has over 40 megapixels or 64 MiB, or took too much memory or time."""


class Rendered(NamedTuple):
    """WebP pictures by name, and how large the upright original is in pixels."""

    pictures: dict[str, bytes]
    width: int
    height: int


def render(source: Path | IO[bytes], sizes: Mapping[str, int], square: bool) -> dict[str, bytes]:
    """WebP pictures by the names in ``sizes``, each at most so many pixels wide and high.

    Turned upright, the first frame only, without metadata, never larger than the original;
    ``square`` cuts the middle out. ``source`` may also be an open file that has a descriptor.

    :raise NotAPicture: if it is no PNG, JPEG, WebP or GIF
    :raise PictureTooLarge: if it is beyond what we take the trouble for
    :raise Busy: if ten others are ahead
    """
    return measured(source, sizes, square).pictures


def measured(source: Path | IO[bytes], sizes: Mapping[str, int], square: bool) -> Rendered:
    """The same, with the size of the original."""
    with sandbox.opened(source) as file, lane():
        if os.fstat(file.fileno()).st_size > MOST_BYTES:
            raise PictureTooLarge
        answer = _run(file, json.dumps({"sizes": dict(sizes), "square": square}))
    head, _, rest = answer.partition(b"\n")
    said = json.loads(head)
    made = {}
    for name, length in said["lengths"].items():
        made[name], rest = rest[:length], rest[length:]
    return Rendered(made, said["width"], said["height"])


def _run(file: IO[bytes], order: str) -> bytes:
    try:
        return sandbox.run(CHILD, file, order, SECONDS)
    except (sandbox.Exceeded, sandbox.Overdue):
        raise PictureTooLarge from None
    except sandbox.Failed as end:
        raise (PictureTooLarge if end.code == TOO_LARGE else NotAPicture) from None
