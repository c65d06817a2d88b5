"""Source code in colours and Markdown as HTML: by a program with little time, and remembered."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from tempfile import TemporaryFile
from uuid import UUID

from flask import current_app
from markupsafe import Markup

from frontdesk import sandbox
from frontdesk.files import made
from frontdesk.files.previews import text

PROGRAM = Path(__file__).with_name("programs") / "limits.py"
SECONDS, MEMORY = 3, 384  # of computing; MiB
PATIENCE = 10  # seconds on the clock
MOST = 1_500_000  # letters of HTML; browsers grow slow
lane = sandbox.Lane(2, 6)


def code(blob_id: UUID, name: str, words: str) -> Markup:
    """The lines of a text, in colours if a language goes by the ending of its name.

    Without them if that took too long: Pygments is quadratic in some texts.
    """
    found = _remembered(blob_id, "code.py", {"name": name}, words) or text.plain(words)
    return Markup(found)  # noqa: S704 - escaped by our formatter or by text.plain()


def prose(blob_id: UUID, words: str) -> Markup | None:
    """Markdown as HTML; None if it can't be made."""
    found = _remembered(blob_id, "prose.py", {}, text.visible(words))
    return Markup(found) if found else None  # noqa: S704 - cleaned by nh3 in the program


def _remembered(blob_id: UUID, program: str, order: dict[str, str], words: str) -> str:
    """What the program made; empty if it made nothing. Only what passes is tried again."""
    key = hashlib.sha256(json.dumps([program, order]).encode()).hexdigest()[:16]
    known = made.read(blob_id, f"{key}.html")
    if known is not None:
        return known.decode()
    try:
        html = _made(program, order, words)
        made.keep(blob_id, f"{key}.html", html.encode())
    except (sandbox.Busy, sandbox.Overdue):
        return ""
    except OSError as error:  # the disk is full, say
        current_app.logger.error("A preview could not be kept", exc_info=error)
        return ""
    return html


def _made(program: str, order: dict[str, str], words: str) -> str:
    try:
        html = _run(program, order, words)
    except (sandbox.Exceeded, sandbox.Failed):
        return ""
    if program == "code.py" and html:
        html = text.lines(html)
    return html if len(html) <= MOST else ""


def _run(program: str, order: dict[str, str], words: str) -> str:
    limits = {"program": program, "memory": MEMORY, "seconds": SECONDS}
    with lane(), TemporaryFile() as source:
        source.write(words.encode("utf-8", "replace"))
        source.seek(0)
        return sandbox.run(PROGRAM, source, json.dumps(limits | order), PATIENCE).decode()
