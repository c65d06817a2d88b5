"""What kind of file this looks like. A label for people; it never decides what is safe."""

from __future__ import annotations

import codecs
import mimetypes

import puremagic
from flask_babel import lazy_gettext as _

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
# Names of texts that Python's table doesn't know.
WORDY = (".conf", ".go", ".ini", ".log", ".php", ".rs", ".sql", ".srt", ".tex", ".toml", ".yaml")
# Text that begins like this has a name of its own.
MARKED = {"%PDF-": "application/pdf", "{\\rtf": "application/rtf", "%!PS": "application/postscript"}
OFFICE = "application/vnd.openxmlformats-officedocument."
OPEN = "application/vnd.oasis.opendocument."
# What people call them.
WORDS = {
    "application/epub+zip": _("E-book"),
    "application/gzip": _("Gzip archive"),
    "application/javascript": _("JavaScript"),
    "application/json": _("JSON"),
    "application/msword": _("Word document"),
    "application/pdf": _("PDF document"),
    "application/rtf": _("RTF document"),
    "application/vnd.ms-excel": _("Excel workbook"),
    "application/vnd.ms-powerpoint": _("PowerPoint presentation"),
    f"{OFFICE}presentationml.presentation": _("PowerPoint presentation"),
    f"{OFFICE}spreadsheetml.sheet": _("Excel workbook"),
    f"{OFFICE}wordprocessingml.document": _("Word document"),
    f"{OPEN}presentation": _("OpenDocument presentation"),
    f"{OPEN}spreadsheet": _("OpenDocument spreadsheet"),
    f"{OPEN}text": _("OpenDocument text"),
    "application/vnd.rar": _("RAR archive"),
    "application/x-7z-compressed": _("7-Zip archive"),
    "application/x-msdownload": _("Windows program"),
    "application/x-rar-compressed": _("RAR archive"),
    "application/x-tar": _("Tar archive"),
    "application/xml": _("XML"),
    "application/zip": _("Zip archive"),
    "audio/flac": _("FLAC recording"),
    "audio/mpeg": _("MP3 recording"),
    "audio/wav": _("WAV recording"),
    "image/gif": _("GIF picture"),
    "image/heic": _("HEIC picture"),
    "image/jpeg": _("JPEG picture"),
    "image/png": _("PNG picture"),
    "image/svg+xml": _("SVG drawing"),
    "image/tiff": _("TIFF picture"),
    "image/webp": _("WebP picture"),
    "message/rfc822": _("E-mail"),
    "text/calendar": _("Calendar"),
    "text/css": _("Style sheet"),
    "text/csv": _("CSV table"),
    "text/html": _("Web page"),
    "text/javascript": _("JavaScript"),
    "text/markdown": _("Markdown text"),
    "text/plain": _("Text"),
    "text/tab-separated-values": _("TSV table"),
    "text/vcard": _("Address card"),
    "text/x-python": _("Python code"),
    "text/xml": _("XML"),
    "video/mp4": _("MP4 film"),
    "video/quicktime": _("QuickTime film"),
    "video/webm": _("WebM film"),
    UNKNOWN: "",
}
FAMILIES = {
    "audio": _("Recording"),
    "font": _("Font"),
    "image": _("Picture"),
    "text": _("Text"),
    "video": _("Film"),
}
# Python's table only: /etc/mime.types would make the label depend on the machine.
_table = mimetypes.MimeTypes()
for _ending, _label in {
    ".7z": "application/x-7z-compressed",
    ".docx": f"{OFFICE}wordprocessingml.document",
    ".epub": "application/epub+zip",
    ".heic": "image/heic",
    ".md": "text/markdown",
    ".odp": f"{OPEN}presentation",
    ".ods": f"{OPEN}spreadsheet",
    ".odt": f"{OPEN}text",
    ".pptx": f"{OFFICE}presentationml.presentation",
    ".rar": "application/vnd.rar",
    ".xlsx": f"{OFFICE}spreadsheetml.sheet",
}.items():
    _table.add_type(_label, _ending)


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


def in_words(media_type: str, name: str) -> str:
    """What people call such a file: "Word document"; by its name if the bytes say nothing."""
    by_name = _usual(_table.guess_type(name)[0] or "")
    for label in (media_type, by_name):
        word = WORDS.get(label) or FAMILIES.get(label.partition("/")[0])
        if word:
            return str(word)
    return str(_("File"))


def is_named_text(name: str) -> bool:
    """Whether a name promises text, whatever the bytes are."""
    by_name = _usual(_table.guess_type(name)[0] or "")
    return _is_wordy(by_name) or name.casefold().endswith(WORDY)


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
    return by_name if _is_wordy(by_name) else TEXT


def _is_wordy(label: str) -> bool:
    return label.startswith("text/") or label.endswith(("json", "xml", "javascript"))


def _is_text(head: bytes) -> bool:
    """Whether it is UTF-8 without control characters; its end may be cut in mid-character."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return not any(c < " " and c not in "\t\n\r\f\x1b" for c in text)
