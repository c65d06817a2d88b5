"""Hand out a blob: whole or a part of it, if it changed, under its name, harmless (RFC 9110)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, cast
from urllib.parse import quote

from flask import Response, request
from werkzeug.http import http_date, parse_date
from werkzeug.wsgi import FileWrapper, wrap_file

from frontdesk.files import handover, names
from frontdesk.files.kinds import UNKNOWN, media_type

if TYPE_CHECKING:
    from uuid import UUID

    from frontdesk.storage import Storage

__all__ = ["asked_for", "content_disposition", "measure", "media_type", "send_blob", "shown_inline"]

BLOCK = 256 * 1024
# Types that browsers show and that cannot run script in our name.
INLINE = {
    "application/pdf",
    "audio/flac",
    "audio/mpeg",
    "audio/ogg",
    "audio/wav",
    "audio/webm",
    "image/avif",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/webp",
    "text/plain",
    "video/mp4",
    "video/ogg",
    "video/webm",
}
# Types that a browser might run, or take apart; they go out as mere bytes.
ACTIVE = re.compile(r"html|xml|svg|script|css|^multipart/|^message/|^application/x-shockwave")
SANE = re.compile(r"[a-z0-9]+/[a-z0-9.+-]+")
RANGE = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.IGNORECASE | re.ASCII)
# Chromium shows PDFs in this (it has its viewer in a process apart); pictures and text get a
# style of the browser's own. A film is loaded once more by the page that the browser makes for
# it, which CORP would refuse to a page without origin; script stays off there as well.
SANDBOX = "sandbox; default-src 'none'"
SHOWN = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
PLAYED = (
    "sandbox allow-same-origin; default-src 'none'; style-src 'unsafe-inline'; media-src 'self'"
)
WHOLE, PARTIAL, UNCHANGED, CHANGED, BEYOND = 200, 206, 304, 412, 416


class Part(NamedTuple):
    """``length`` bytes of a file, from byte ``start``."""

    start: int
    length: int


def send_blob(
    storage: Storage,
    blob_id: UUID,
    *,
    name: str,
    media_type: str,
    sha256: str,
    modified: datetime,
    download: bool,
    cache: str = "private, no-cache",
) -> Response:
    """The answer to a GET or HEAD for a blob: 200, 206, 304, 412 or 416.

    ``modified`` is UTC. Shown in the browser only when ``download`` is false and the type
    is harmless. A front server that offers it sends the bytes itself (``handover``).

    :raise FileNotFoundError: if storage lacks the blob
    """
    file = storage.open(blob_id)
    size = file.seek(0, os.SEEK_END)
    status, part = asked_for(sha256, modified, size)
    response = handover.answer(storage, blob_id, file, status)
    if response is None:
        response = _answer(file, part, status)
        measure(response, part, size)
    response.headers["Cache-Control"] = cache
    response.headers["ETag"] = f'"{sha256}"'
    response.headers["Last-Modified"] = http_date(_seconds(modified))
    _label(response, name, media_type, download)
    return response


def shown_inline(media_type: str) -> bool:
    """Whether browsers may show this type themselves, instead of saving it."""
    return media_type in INLINE


def content_disposition(name: str, download: bool) -> str:
    """The header for any name: RFC 6266, with RFC 8187's form where plain ASCII can't say it."""
    name = names.clean(name)
    plain = re.sub(r"[^ -~]|[\"\\\\%]", "_", name)
    disposition = f'{"attachment" if download else "inline"}; filename="{plain}"'
    if plain != name:
        disposition += f"; filename*=UTF-8''{quote(name, safe='!#$&+-.^_`|~')}"
    return disposition


def asked_for(tag: str, modified: datetime, size: int) -> tuple[int, Part]:
    """The status and the bytes, in the order of RFC 9110 §13.2.2: preconditions, then the range."""
    whole, modified = Part(0, size), _seconds(modified)
    if _overtaken(tag, modified):
        return CHANGED, whole
    if _known(tag, modified):
        return UNCHANGED, whole
    found = RANGE.fullmatch(request.headers.get("Range", ""))
    if not found or not size or request.method != "GET" or not _still(tag, modified):
        return WHOLE, whole
    return _part(found[1], found[2], size)


def _overtaken(sha256: str, modified: datetime) -> bool:
    """If-Match or If-Unmodified-Since: the client wants another version than this."""
    if "If-Match" in request.headers:
        return not request.if_match.contains(sha256)
    since = request.if_unmodified_since
    return since is not None and modified > since


def _known(sha256: str, modified: datetime) -> bool:
    """If-None-Match or If-Modified-Since: the client has this version."""
    if "If-None-Match" in request.headers:
        return request.if_none_match.contains_weak(sha256)
    since = request.if_modified_since
    return since is not None and modified <= since


def _still(sha256: str, modified: datetime) -> bool:
    """If-Range: the part belongs to the version that the client has the rest of."""
    since = request.headers.get("If-Range", "").strip()
    return not since or since == f'"{sha256}"' or parse_date(since) == modified


def _part(first: str, last: str, size: int) -> tuple[int, Part]:
    """One range of a file that is not empty; several at once are answered with the whole file."""
    if not first:
        return _ending(last, size)
    start = int(first)
    end = int(last) if last else max(start, size)
    if end < start:  # no range at all, so it was not asked
        return WHOLE, Part(0, size)
    if start >= size:
        return BEYOND, Part(0, size)
    return PARTIAL, Part(start, min(end + 1, size) - start)


def _ending(count: str, size: int) -> tuple[int, Part]:
    """The last ``count`` bytes; all there are, when it asks for more than that."""
    if not count:
        return WHOLE, Part(0, size)
    length = min(int(count), size)
    return (PARTIAL if length else BEYOND), Part(size - length, length)


def _answer(file: BinaryIO, part: Part, status: int) -> Response:
    if status in {WHOLE, PARTIAL} and request.method != "HEAD":
        return Response(_body(file, part, status), status, direct_passthrough=True)
    file.close()
    return Response(status=status)


def _body(file: BinaryIO, part: Part, status: int) -> Iterable[bytes]:
    """What the server sends: by sendfile where it can."""
    file.seek(part.start)
    if status == WHOLE:
        return wrap_file(request.environ, file, BLOCK)
    if "gunicorn.socket" in request.environ:
        return wrap_file(request.environ, cast(BinaryIO, _SentPart(file, part.length)), BLOCK)
    return FileWrapper(cast(BinaryIO, _ReadPart(file, part.length)), BLOCK)


class _ReadPart:
    """The next ``length`` bytes of a file that stands where they begin."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        self.file, self.left = file, length

    def read(self, size: int) -> bytes:
        block = self.file.read(min(size, self.left))
        self.left -= len(block)
        return block

    def close(self) -> None:
        self.file.close()


class _SentPart(_ReadPart):
    """The same for gunicorn, which sends Content-Length bytes from where the descriptor stands.

    Werkzeug's wrapper for ranges reads all that comes before, as gunicorn's cannot seek: 6 s
    at 4 GiB. uWSGI would send from byte 0, so it never sees a descriptor.
    """

    def fileno(self) -> int:
        return self.file.fileno()


def measure(response: Response, part: Part, size: int) -> None:
    """Say which bytes these are, of how many."""
    response.headers["Accept-Ranges"] = "bytes"
    if response.status_code == PARTIAL:
        last = part.start + part.length - 1
        response.headers["Content-Range"] = f"bytes {part.start}-{last}/{size}"
    elif response.status_code == BEYOND:
        response.headers["Content-Range"] = f"bytes */{size}"
    if response.status_code in {WHOLE, PARTIAL}:
        response.headers["Content-Length"] = str(part.length)


def _label(response: Response, name: str, media_type: str, download: bool) -> None:
    """Name and type, and what keeps a hostile file from acting as a page of ours."""
    inline = shown_inline(media_type) and not download
    harmless = SANE.fullmatch(media_type) and not ACTIVE.search(media_type)
    kind = "text/plain; charset=utf-8" if media_type == "text/plain" else media_type
    response.headers["Content-Type"] = kind if harmless else UNKNOWN
    response.headers["Content-Disposition"] = content_disposition(name, not inline)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = _policy(media_type) if inline else SANDBOX
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"


def _policy(media_type: str) -> str:
    return PLAYED if media_type.startswith(("audio/", "video/")) else SHOWN


def _seconds(moment: datetime) -> datetime:
    """As HTTP knows it: UTC, whole seconds."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).replace(microsecond=0)
