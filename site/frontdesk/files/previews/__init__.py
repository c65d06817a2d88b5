"""What a file looks like, shown on a page without risk: chosen by type, drawn from its beginning.

A preview is a part of a template and what stands in it; it knows nothing of the page around, so
a file's page, a visitor's and a post's show the same. Whatever decodes or parses with more than a
few lines of ours runs in a process with limits. No part of a file is ever run or trusted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from frontdesk.files import kinds, thumbnails
from frontdesk.files.deliver import shown_inline
from frontdesk.files.previews import rendered, sheets, table, text
from frontdesk.security import POLICY

HEAD = 4_096  # bytes that say whether it is text
TEXTS = {"json", "xml", "javascript", "x-sh", "x-httpd-php", "sql", "x-tex", "x-latex", "toml"}
MARKDOWN, TABLES = (".md", ".markdown"), (".csv", ".tsv", ".tab")


class Subject(NamedTuple):
    """What is shown: a file, a version of one, or a file in a post."""

    blob_id: UUID
    name: str
    size: int
    media_type: str


class Addresses(NamedTuple):
    """Where things are on this page: itself, the bytes, and the pictures before their number."""

    page: str
    content: str
    picture: str


@dataclass(frozen=True, slots=True)
class Preview:
    """``template`` shows ``facts``; ``has_styles`` and ``headers`` are what its page needs."""

    kind: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def template(self) -> str:
        return f"files/previews/_{self.kind}.html"

    @property
    def has_styles(self) -> bool:
        return self.kind in {"text", "prose", "table"}

    @property
    def full(self) -> tuple[int, int] | None:
        """How many pixels an image has."""
        sheet = self.facts.get("sheet") if self.kind == "image" else None
        return sheet.full if sheet and not sheet.failed else None

    @property
    def headers(self) -> dict[str, str]:
        """What the answer carries so that the browser may play."""
        if self.kind not in {"audio", "video"}:
            return {}
        return {"Content-Security-Policy": f"{POLICY}; media-src 'self'"}


Show = Callable[[Subject, Mapping[str, str]], Preview]


def of(subject: Subject, asked: Mapping[str, str]) -> Preview:
    """The preview of ``subject``; ``asked`` is what the address asks for: ``page``, ``as``."""
    return _chosen(subject, asked.get("as") == "text")(subject, asked)


def _chosen(subject: Subject, as_text: bool) -> Show:
    kind = subject.media_type.partition("/")[0]
    if subject.media_type in thumbnails.IMAGES:
        return _image
    if subject.media_type == "application/pdf":
        return _paper
    if kind in {"audio", "video"} and shown_inline(subject.media_type):
        return _played
    if _is_text(subject):
        return _text if as_text else _of_text(subject)
    return _none


def _of_text(subject: Subject) -> Show:
    name = subject.name.casefold()
    if subject.media_type == "text/markdown" or name.endswith(MARKDOWN):
        return _prose
    if subject.media_type in {"text/csv", "text/tab-separated-values"} or name.endswith(TABLES):
        return _table
    return _text


def _is_text(subject: Subject) -> bool:
    kind, _, detail = subject.media_type.partition("/")
    if kind == "text" or detail in TEXTS or detail.endswith(("+xml", "+json")):
        return True
    # Texts in the encodings of old are bytes like any other, but for their names.
    if detail != "octet-stream" or not kinds.is_named_text(subject.name):
        return False
    return text.looks_like_text(text.start(subject.blob_id, HEAD))


def _none(subject: Subject, asked: Mapping[str, str]) -> Preview:
    return Preview("none")


def _played(subject: Subject, asked: Mapping[str, str]) -> Preview:
    return Preview(subject.media_type.partition("/")[0])


def _image(subject: Subject, asked: Mapping[str, str]) -> Preview:
    return Preview("image", {"sheet": _sheet(subject.blob_id, 1)})


def _sheet(blob_id: UUID, number: int) -> sheets.Sheet | None:
    """What is drawn; it is asked for where it wasn't, as after an upgrade or for a later page."""
    found = sheets.look(blob_id, number)
    if found is None:
        sheets.ask(blob_id, number)
        found = sheets.look(blob_id, number)
    return found


def _paper(subject: Subject, asked: Mapping[str, str]) -> Preview:
    number = _number(asked.get("page", ""))
    sheet = _sheet(subject.blob_id, number)
    if sheet and not sheet.failed and number > sheet.pages:
        number = sheet.pages
        sheet = _sheet(subject.blob_id, number)
    last = min(sheet.pages, sheets.MOST_PAGES) if sheet else 1
    return Preview("paper", {"sheet": sheet, "number": number, "last": last})


def _text(subject: Subject, asked: Mapping[str, str]) -> Preview:
    words, encoding, is_cut = text.read(subject.blob_id)
    words, has_more_lines = text.first_lines(words)
    facts = {
        "lines": rendered.code(subject.blob_id, subject.name, words),
        "encoding": encoding,
        "is_cut": is_cut,
        "most_lines": text.MOST_LINES if has_more_lines else 0,
        "has_other": asked.get("as") == "text" and _of_text(subject) is not _text,
        "has_unseen": bool(text.UNSEEN.search(words)),
    }
    return Preview("text", facts)


def _prose(subject: Subject, asked: Mapping[str, str]) -> Preview:
    words, _, is_cut = text.read(subject.blob_id)
    html = rendered.prose(subject.blob_id, words)
    if html is None:
        return _text(subject, asked)
    return Preview("prose", {"html": html, "is_cut": is_cut})


def _table(subject: Subject, asked: Mapping[str, str]) -> Preview:
    words, _, is_cut = text.read(subject.blob_id)
    found = table.read(words, is_cut)
    return Preview("table", {"table": found}) if found else _text(subject, asked)


def _number(page: str) -> int:
    """The page that is asked for, within what we show; 1 for what is no number."""
    wanted = int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1
    return max(1, min(wanted, sheets.MOST_PAGES))
