"""How a file goes out: compressed as the browser likes it, kept as long as its name is true."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from flask import abort, current_app, request, send_file
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from frontdesk.assets.shelf import File, Shelf

FOR_A_YEAR = "public, max-age=31536000, immutable"
FOR_A_DAY = "public, max-age=86400"
ASK_AGAIN = "public, no-cache"
IN_MEMORY = 1024 * 1024
ICONS = ("favicon.ico", "img/favicon.ico", "img/favicon.svg", "img/bell.svg")
TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
    ".ico": "image/x-icon",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}

View = Callable[..., ResponseReturnValue]


def view(shelf: Shelf, otherwise: Callable[..., Any]) -> View:
    """A view that serves ``shelf``, and leaves to ``otherwise`` what the shelf only samples."""

    def static(filename: str) -> ResponseReturnValue:
        found = shelf.now().find(filename)
        if found:
            file, exact = found
            return answer(shelf, file, FOR_A_YEAR if exact else ASK_AGAIN)
        if shelf.only:
            return otherwise(filename=filename)  # type: ignore[no-any-return]
        abort(404)

    return static


def favicon(shelf: Shelf) -> View:
    """What browsers ask for when no page has told them better."""

    def icon() -> ResponseReturnValue:
        names = shelf.now().names
        for name in ICONS:
            if name in names:
                return answer(shelf, names[name], FOR_A_DAY)
        abort(404)

    return icon


def answer(shelf: Shelf, file: File, cache_control: str) -> Response:
    """The file, or 304; what is big is left to ``sendfile`` and may be asked for in ranges."""
    encoding = best_encoding(file)
    response = body_of(shelf, file, encoding)
    response.headers["Cache-Control"] = cache_control
    response.set_etag(f"{file.digest}-{encoding}" if encoding else file.digest)
    if file.encodings:
        response.vary.add("Accept-Encoding")
    if encoding:
        response.content_encoding = encoding
    big = response.direct_passthrough
    return response.make_conditional(
        request, accept_ranges=big, complete_length=response.content_length if big else None
    )


def best_encoding(file: File) -> str:
    """What the browser takes, Brotli first; nothing in debug, where each edit would wait for it."""
    if current_app.debug:
        return ""
    return next((name for name in file.encodings if request.accept_encodings[name] > 0), "")


def body_of(shelf: Shelf, file: File, encoding: str) -> Response:
    suffix = PurePosixPath(file.name).suffix
    mimetype = TYPES.get(suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    if not encoding and file.path.exists() and file.path.stat().st_size > IN_MEMORY:
        return send_file(file.path, mimetype, conditional=False, etag=False)
    return Response(shelf.read(file, encoding), mimetype=mimetype)
