"""What lies on the disk: the site's own files, kept for a year and sent small, and people's."""

from __future__ import annotations

import re
from collections.abc import Iterator

from frontdesk.check.finding import Finding, _, ok, warn, wrong
from frontdesk.check.probe import FILE as BYTES
from frontdesk.check.stranger import Answer
from frontdesk.check.visit import FILE, PAGE, Visit

HASHED = re.compile(r'href="(/[^"]*static/[^"]*\.css)"')
A_YEAR = re.compile(r"max-age=31\d{6}")


def static(visit: Visit) -> Iterator[Finding]:
    """Whether the style sheet that each page links arrives, small, to be kept."""
    page = visit.stranger.plain("GET", PAGE)
    found = HASHED.search(page.body.decode(errors="replace"))
    if not found:
        return
    answer = visit.stranger.plain("GET", found[1], [("Accept-Encoding", "gzip")])
    if answer.status != 200:
        yield wrong(
            "static",
            _("The style sheet doesn’t arrive: %(status)s. Pages are bare."),
            _("Let the front server find the files, and read them, or leave them to the app."),
            visit.change(nginx="location /static/", apache="Alias /static"),
            status=answer.status,
        )
    elif lacks := _lacks(answer):
        yield warn(
            "static",
            _("The site’s own files could be quicker: %(lacks)s."),
            _("Let browsers keep them, and send them compressed."),
            visit.change(
                nginx='add_header Cache-Control "public, max-age=31536000, immutable";'
                if "Cache-Control" in lacks
                else "gzip_static on;",
                apache='Header set Cache-Control "public, max-age=31536000, immutable"',
            ),
            lacks=lacks,
        )
    else:
        yield ok("static", _("The site’s own files are compressed, and kept for a year."))


def stored(visit: Visit) -> Iterator[Finding]:
    """Whether a file that lies in storage arrives: where the front server sends it, it must read
    it."""
    if visit.house.stored is None:
        return
    ask, some = f"stored {visit.house.stored}", ("Range", "bytes=1000-1999")
    answer = visit.stranger.ask("GET", FILE, ask)
    part = visit.stranger.ask("GET", FILE, ask, headers=[some])
    if answer.body != BYTES:
        yield wrong(
            "stored",
            _("A stored file doesn’t arrive: %(status)s."),
            _("Name the folder of the files in front, and let the front server’s user read it."),
            visit.change(
                "/_files/",
                nginx=f"alias {visit.house.folder}/;",
                apache=f"XSendFilePath {visit.house.folder}",
            ),
            status=answer.status,
        )
    elif not answer.is_ours and (part.status, part.body) != (206, BYTES[1_000:2_000]):
        yield wrong(
            "stored",
            _("The front server sends files, but no parts of them: downloads begin again."),
            _("Let it send parts."),
            visit.change("/_files/", nginx="max_ranges 1;", apache="MaxRanges default"),
        )
    else:
        yield ok("stored", _("A stored file arrives, and parts of it."))


def _lacks(answer: Answer) -> str:
    lacks = []
    if not A_YEAR.search(answer.get("Cache-Control")):
        lacks.append("Cache-Control")
    if answer.get("Content-Encoding") != "gzip":
        lacks.append("Content-Encoding")
    return ", ".join(lacks)


CHECKS = (static, stored)
