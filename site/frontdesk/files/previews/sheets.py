"""Pictures of images and of a PDF's pages: drawn by a job, once; remembered, as are failures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from uuid import UUID

from flask_babel import gettext as _

from frontdesk import jobs, pictures, sandbox
from frontdesk.files import made, service, thumbnails

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
    if number > MOST_PAGES:  # so many digits may be no file's name
        return None
    place = made.path(blob_id, f"{number}.webp")
    return place if place.exists() else None


def ask(blob_id: UUID, number: int = 1) -> None:
    """Have page ``number`` drawn, unless it was already; a part of another verb, or one itself."""
    if look(blob_id, number) is None:
        jobs.ask("preview", f"{blob_id}/{number}", again=True)


def wanted(media_type: str) -> bool:
    """Whether files of that type are shown as pictures."""
    return media_type in thumbnails.IMAGES or media_type == "application/pdf"


@jobs.task("preview", minutes=2)
def make(subject: str) -> None:
    """Draw the page that ``subject`` names, ``BLOB/NUMBER``, and remember it or why it can't be.

    What is worth another try raises: others are ahead, the machine is busy, the disk is full.
    """
    blob_id, number = UUID(subject.partition("/")[0]), int(subject.partition("/")[2])
    if look(blob_id, number) is not None:
        return
    try:
        with service.storage().open(blob_id) as blob:
            facts, data = _tried(blob, number)
    except FileNotFoundError:
        raise jobs.GiveUp(_("The file is gone.")) from None
    if data:
        made.keep(blob_id, f"{number}.webp", data)
    made.keep_facts(blob_id, f"{number}.json", **facts)


def _tried(blob: IO[bytes], number: int) -> tuple[dict[str, object], bytes]:
    """Facts and picture; or why there is none."""
    try:
        return _drawn(blob, number)
    except (pictures.PictureTooLarge, sandbox.Exceeded):
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
