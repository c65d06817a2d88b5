"""What kind of file this looks like. A label for people; it never decides what is safe."""

from __future__ import annotations

import codecs
import mimetypes

import puremagic

UNKNOWN = "application/octet-stream"
TEXT = "text/plain"
# Below this puremagic goes by the name, or by two or three bytes.
SEEN = 0.4
# One word for one thing: what puremagic and the tables of others call differently.
USUAL = {
    "application/ogg": "audio/ogg",
    "application/x-gzip": "application/gzip",
    "application/x-javascript": "text/javascript",
    "audio/mp3": "audio/mpeg",
    "audio/wave": "audio/wav",
    "audio/x-flac": "audio/flac",
    "audio/x-wav": "audio/wav",
    "image/jpg": "image/jpeg",
    "image/x-ms-bmp": "image/bmp",
}
# Text that begins like this has a name of its own.
MARKED = {"%PDF-": "application/pdf", "{\\rtf": "application/rtf", "%!PS": "application/postscript"}
# Python's table only: /etc/mime.types would make the label depend on the machine.
_table = mimetypes.MimeTypes()
_table.add_type("text/markdown", ".md")


def media_type(head: bytes, name: str) -> str:
    """A label from the first bytes (a few KiB do) and the name, such as ``image/png``."""
    by_name = _usual(_table.guess_type(name)[0] or "")
    if _is_text(head):
        return _text(head, by_name)
    seen = _seen(head, name)
    if seen:
        return seen
    # Pictures, PDFs and text have signs of their own; what lacks them isn't one by its name.
    kind = by_name.partition("/")[0]
    return by_name if kind in {"audio", "video", "font"} else UNKNOWN


def _seen(head: bytes, name: str) -> str:
    try:
        found = puremagic.magic_string(head, filename=name)
    except (puremagic.PureError, ValueError):  # it knows nothing like this
        return ""
    types = (match.mime_type for match in found if match.confidence >= SEEN)
    return _usual(next(filter(None, types), ""))


def _usual(label: str) -> str:
    return USUAL.get(label, label)


def _text(head: bytes, by_name: str) -> str:
    start = head.decode(errors="replace").lstrip("\ufeff")
    for mark, label in MARKED.items():
        if start.startswith(mark):
            return label
    wordy = by_name.startswith("text/") or by_name.endswith(("json", "xml", "javascript"))
    return by_name if wordy else TEXT


def _is_text(head: bytes) -> bool:
    """Whether it is UTF-8 without control characters; its end may be cut in mid-character."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return not any(c < " " and c not in "\t\n\r\f\x1b" for c in text)
