"""Pictures of images and of a PDF's pages: made once and remembered, as is why one can't be."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from uuid import UUID

from flask import current_app

from frontdesk import pictures, sandbox
from frontdesk.files import made, service

PROGRAM = Path(__file__).with_name("programs") / "limits.py"
WIDEST, HIGHEST = 1280, 2560  # pixels
MOST_PAGES = 50
SECONDS, MEMORY = 10, 768  # of computing; MiB
PATIENCE = 20  # seconds on the clock
REASONS = {4: "large", 5: "encrypted"}  # as programs/paper.py ends
PDF = b"%PDF-"
lane = sandbox.Lane(2, 10)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A picture that was made, so many pixels large; or why it can't be: ``failed``.

    ``pages`` is how many the whole thing has; ``full`` the size of an image before.
    """

    number: int
    pages: int = 1
    width: int = 0
    height: int = 0
    full: tuple[int, int] = (0, 0)
    failed: str = ""


def look(blob_id: UUID, number: int) -> Sheet | None:
    """What is known of page ``number``; None as long as nobody has made it."""
    facts = made.read_facts(blob_id, f"{number}.json")
    if facts is None:
        return None
    full = tuple(facts.pop("full", (0, 0)))
    return Sheet(number, full=(full[0], full[1]), **facts)


def picture(blob_id: UUID, number: int) -> Path | None:
    """The WebP of page ``number``, if it was made."""
    place = made.path(blob_id, f"{number}.webp")
    return place if place.exists() else None


def make(blob_id: UUID, number: int = 1) -> Sheet | None:
    """Make the picture of page ``number`` and remember it, or why it can't be made.

    None if it is worth another try later: others are ahead, or the machine is busy.
    """
    try:
        facts, data = _tried(blob_id, number)
        if data:
            made.keep(blob_id, f"{number}.webp", data)
        made.keep_facts(blob_id, f"{number}.json", **facts)
    except (sandbox.Busy, sandbox.Overdue):
        return None
    except OSError as error:  # the disk is full, say
        current_app.logger.error("A preview could not be kept", exc_info=error)
        return None
    return look(blob_id, number)


def _tried(blob_id: UUID, number: int) -> tuple[dict[str, object], bytes]:
    """Facts and picture; or why there is none."""
    try:
        with service.storage().open(blob_id) as blob:
            return _drawn(blob, number)
    except (pictures.PictureTooLarge, sandbox.Exceeded) as reason:
        if isinstance(reason, sandbox.Overdue):
            raise
        return {"failed": "large"}, b""
    except pictures.NotAPicture:
        return {"failed": "broken"}, b""
    except sandbox.Failed as end:
        return {"failed": REASONS.get(end.code, "broken")}, b""


def _drawn(blob: IO[bytes], number: int) -> tuple[dict[str, object], bytes]:
    is_pdf = PDF in blob.read(1024)
    blob.seek(0)
    return _page(blob, number) if is_pdf else _image(blob)


def _image(blob: IO[bytes]) -> tuple[dict[str, object], bytes]:
    found = pictures.measured(blob, {"1": WIDEST}, square=False)
    scale = min(1, WIDEST / max(found.width, found.height))
    width, height = (max(1, round(side * scale)) for side in (found.width, found.height))
    full = [found.width, found.height]
    return {"width": width, "height": height, "full": full}, found.pictures["1"]


def _page(blob: IO[bytes], number: int) -> tuple[dict[str, object], bytes]:
    order = {
        "program": "paper.py",
        "memory": MEMORY,
        "seconds": SECONDS,
        "page": number,
        "width": WIDEST,
        "height": HIGHEST,
    }
    with lane():
        answer = sandbox.run(PROGRAM, blob, json.dumps(order), PATIENCE)
    head, _, data = answer.partition(b"\n")
    return json.loads(head), data
