"""Names that people give to files and folders: kept as they are, but for what could do harm.

Werkzeug's ``secure_filename`` makes ``pdf`` of ``тест.pdf``, so this is our own. A cleaned name
is for people and for headers; blobs on disk are named by UUID.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 255
DEEPEST = 32
NAMELESS = "file"
SHOWN = 60  # letters of a name in a message
# An extension is short, has no space, and takes ".tar" along: "backup.tar.gz".
EXTENSION = re.compile(r"(?<=.)(?:\.tar)?\.[^.\s]{1,16}\Z", re.IGNORECASE)
# What str.isspace() calls a space, and dots; a pattern for both ends would be quadratic.
EDGES = "." + "".join(c for c in map(chr, range(0x3001)) if c.isspace())
# Far more than is kept; sorting a long run of combining marks is quadratic in Python.
MOST_AHEAD, MOST_BEHIND = 768, 256
# Shown as nothing, though Unicode does not call them control or format characters.
BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# Control; format (bidi, zero-width, soft hyphen); half a surrogate pair; line and paragraph ends.
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def clean(raw: str, nameless: str = NAMELESS) -> str:
    """The name of a file as it is kept: NFC, one line, visible, no path, at most 255 bytes.

    Leading dots go (``.htaccess`` is ``htaccess``), so do dots and spaces at the end. When
    nothing is left the name is ``nameless``. Cleaning twice changes nothing.
    """
    return _clean(raw.replace("\\", "/").rpartition("/")[2]) or nameless


def folder_parts(raw: str) -> list[str]:
    """The names on the way to a folder: ``"reports/../2026"`` is ``["reports", "2026"]``.

    What goes deeper than 32 folders stays in the 32nd.
    """
    names = (_clean(part) for part in raw.replace("\\", "/").split("/"))
    return [name for name in names if name][:DEEPEST]


def key(name: str) -> str:
    """What two names share when they differ by case only (Unicode's canonical caseless match).

    May be up to three times as long as the name.
    """
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())
    return unicodedata.normalize("NFC", folded)


def numbered(name: str, n: int) -> str:
    """``name`` with a number before its extension: ``a.pdf``, 2 → ``a (2).pdf``."""
    stem, extension = split(name)
    ending = f" ({n}){extension}"
    return _cut(stem, LONGEST - len(ending.encode())) + ending


def short(name: str) -> str:
    """``name``, short enough for a message: those travel in a cookie."""
    return name if len(name) <= SHOWN else name[:SHOWN] + "…"


def split(name: str) -> tuple[str, str]:
    """Stem and extension: ``("backup", ".tar.gz")``; the stem is never empty."""
    found = EXTENSION.search(name)
    return (name[: found.start()], found.group()) if found else (name, "")


def _clean(part: str) -> str:
    seen = "".join(c for c in part if unicodedata.category(c) not in UNSEEN and c not in BLANK)
    if len(seen) > MOST_AHEAD + MOST_BEHIND:
        seen = seen[:MOST_AHEAD] + seen[-MOST_BEHIND:]
    return _fit(_trim(unicodedata.normalize("NFC", seen)))


def _trim(name: str) -> str:
    return name.strip(EDGES)


def _fit(name: str) -> str:
    if len(name.encode()) <= LONGEST:
        return name
    stem, extension = split(name)
    return _trim(_cut(stem, LONGEST - len(extension.encode())) + extension)


def _cut(text: str, most_bytes: int) -> str:
    """The beginning of ``text``, whole characters only, without a space at the end."""
    return text.encode()[:most_bytes].decode(errors="ignore").rstrip()
