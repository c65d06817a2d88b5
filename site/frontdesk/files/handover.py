"""Let the web server in front send a blob, so that no thread waits for a slow download.

SEND_FILE_BY names the header that it understands. It is used only for a request in which a trusted
proxy offers it, by ``X-Sendfile-Type``: who comes past the proxy gets the bytes from us.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from stat import S_IMODE
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import quote

from flask import Response, current_app, request

if TYPE_CHECKING:
    from uuid import UUID

    from frontdesk.storage import Storage

OFFER = "X-Sendfile-Type"
NGINX, APACHE = WAYS = ("x-accel-redirect", "x-sendfile")
# deploy/nginx.conf maps this to the folder of STORAGE_URL, for our own answers only.
INSIDE = "/_files"
WHOLE, PARTIAL = 200, 206
# One range as both servers read it as we do.
PLAIN_RANGE = re.compile(r"bytes=(\d+-\d*|-\d+)", re.ASCII)
# The server would compare these once more, with what it thinks of the file.
COMPARED = ("If-Match", "If-Unmodified-Since")


def answer(storage: Storage, blob_id: UUID, file: BinaryIO, status: int) -> Response | None:
    """The answer without a body that has the front server send the file; None where we send it.

    ``status`` is what the request deserves. Closes ``file`` if it answers. The server makes a part
    out of the whole by itself, as the request asks for one.
    """
    if not (_offered() and _asks_plainly(status)):
        return None
    path = storage.path(blob_id)
    if not _readable(path, file):
        return None
    file.close()
    way = str(current_app.config["SEND_FILE_BY"])
    inside = f"{INSIDE}/{path.parent.name}/{path.name}"
    return Response(headers={way.title(): inside if way == NGINX else quote(str(path))})


def _offered() -> bool:
    """Whether the proxy that we trust sends files in the way that the setting names."""
    config = current_app.config
    way = config.get("SEND_FILE_BY", "")
    return bool(way and config["TRUSTED_PROXIES"] and request.headers.get(OFFER) == way)


def _asks_plainly(status: int) -> bool:
    """Whether the front server is bound to answer as we would."""
    if request.method != "GET" or any(name in request.headers for name in COMPARED):
        return False
    wanted = request.headers.get("Range")
    if status == PARTIAL:
        return bool(PLAIN_RANGE.fullmatch(wanted or ""))
    return status == WHOLE and wanted is None


def _readable(path: Path, file: BinaryIO) -> bool:
    """Let the group read the file, which is the front server's (docs/deploying.md).

    Blobs are made for our user alone. Where others may not change that, we send it ourselves.
    """
    with suppress(PermissionError):
        mode = S_IMODE(path.parent.stat().st_mode)
        if not mode & 0o010:
            path.parent.chmod(mode | 0o050)  # and stays setgid: blobs get the group from it
        if not os.fstat(file.fileno()).st_mode & 0o040:
            os.fchmod(file.fileno(), 0o640)
        return True
    return False
