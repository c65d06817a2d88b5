"""The beginning of a text: its encoding found, what can't be seen made visible, line by line."""

from __future__ import annotations

import codecs
import re
import unicodedata
from typing import NamedTuple
from uuid import UUID

from markupsafe import escape

from frontdesk.files import service

MOST = 256_000  # bytes that are read
MOST_LINES = 5_000  # that are shown
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
SHOWN = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}
# Curly quotes and the like, in place of control characters that Latin-1 has there.
WINDOWS = re.compile(rb"[\x80\x82-\x8c\x8e\x91-\x9c\x9e\x9f]")
BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
FEW = 20  # one such byte in so many is a slip
LINE_ENDS = re.compile(r"\r\n?")
# Controls; and what turns the order of reading around or takes no room (CVE-2021-42574).
UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]"
)


class Text(NamedTuple):
    """What was read, with ``\\n`` at line ends, how it is encoded, and whether there is more."""

    words: str
    encoding: str
    is_cut: bool


def read(blob_id: UUID) -> Text:
    """The beginning of a blob as text; what lies behind is never read."""
    head = start(blob_id, MOST + 1)
    words, encoding = decoded(head[:MOST])
    return Text(LINE_ENDS.sub("\n", words), encoding, len(head) > MOST)


def start(blob_id: UUID, most: int) -> bytes:
    """The first bytes of a blob."""
    with service.storage().open(blob_id) as blob:
        return blob.read(most)


def decoded(head: bytes) -> tuple[str, str]:
    """The beginning of a text, and its encoding in words; the end may be in mid-character."""
    mark = next(filter(head.startswith, MARKS), b"")
    if mark:
        encoding = MARKS[mark]
        words = codecs.getincrementaldecoder(encoding)("replace").decode(head[len(mark) :])
        return words, SHOWN[encoding]
    words = _strictly(head, "utf-8")
    if words or not head:
        return words, "UTF-8"
    words = _strictly(head, "gb18030")
    if _is_chinese(words):
        return words, "GB18030"
    western = "cp1252" if WINDOWS.search(head) else "latin-1"
    return head.decode(western, "replace"), "Latin-1"


def _strictly(head: bytes, encoding: str) -> str:
    """As text in that encoding; empty if it isn't any."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return ""


def looks_like_text(head: bytes) -> bool:
    """Whether the beginning of a file has hardly any bytes that texts don't have."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    return len(BINARY.findall(head)) * FEW <= len(head)


def visible(words: str) -> str:
    """Plain words, where what can't be seen stands as ⟨U+202E⟩."""
    return UNSEEN.sub(lambda found: f"⟨{_named(found[0])}⟩", words)


def lines(html: str) -> str:
    """HTML of a text, with each line in an element, and with marks for what can't be seen."""
    shown = UNSEEN.sub(lambda found: f'<span class="unseen">{_named(found[0])}</span>', html)
    rows = shown.removesuffix("\n").split("\n")
    return "".join(f'<span class="line">{row}\n</span>' for row in rows)


def first_lines(words: str) -> tuple[str, bool]:
    """As many lines as we show, and whether there are more."""
    rows = words.split("\n", MOST_LINES)
    if len(rows) <= MOST_LINES or not rows[-1]:
        return words, False
    return "\n".join([*rows[:MOST_LINES], ""]), True


def plain(words: str) -> str:
    """HTML of a text without colours."""
    return lines(str(escape(words)))


def _named(character: str) -> str:
    return f"U+{ord(character):04X}"


def _is_chinese(words: str) -> bool:
    """Whether what was read as GB18030 is; French as Latin-1 can be read so too.

    Almost all characters of Chinese texts are among the 7,000 of GB 2312; chance hits others.
    """
    wide = [character for character in words if character > "\x7f"]
    usual = sum(unicodedata.east_asian_width(one) in "WF" and _in_gb2312(one) for one in wide)
    return bool(wide) and usual >= 0.9 * len(wide)


def _in_gb2312(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True
