"""What the site saw of a request: told at any address, to whoever shows a word of `check.key`.

At any address, since a front server has other rules for other places: an upload is tested where
uploads go. For everybody else it isn't there, and costs a look for one header.
"""

from __future__ import annotations

import hashlib
import os
import platform
import resource
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from threading import BoundedSemaphore
from typing import Any
from uuid import UUID

from flask import Flask, Response, current_app, jsonify, request
from werkzeug.exceptions import SecurityError
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.sansio.utils import get_host

from flask_resumable import open_body
from flask_resumable.receiving import Stopped, Watch
from frontdesk.check import key
from frontdesk.files import service as files
from frontdesk.files.deliver import PARTIAL, WHOLE, asked_for, measure, send_blob

HEADER, ASK = "Frontdesk-Probe", "Frontdesk-Ask"
FORWARDED = ("HTTP_X_", "HTTP_FORWARDED", "HTTP_VIA", "HTTP_SCRIPT_NAME", "HTTP_PROXY")
FILE = b"".join(
    b"%08d\n" % number for number in range(30_000)
)  # compressible, and no two lines alike
FILE_TAG = hashlib.sha256(FILE).hexdigest()
FILE_DATE = datetime(2026, 1, 1, tzinfo=UTC)
MOST_READ = 40 * 1024 * 1024
LONGEST_SLEEP, PAUSE = 120.0, 1.0
LONGEST_WAIT = 5.0  # seconds for a place
IDLE = 5.0  # seconds of silence after which a body is not waited for
LONG_COOKIE = 4_000  # bytes; browsers take up to 4,096
_slots = BoundedSemaphore(24)  # of a worker's threads: whoever has the word can't hold them all


def _answer() -> Response | None:
    word = request.headers.get(HEADER)
    if word is None or not key.is_good(word, current_app.config["SECRET_KEY"]):
        return None
    if not _slots.acquire(timeout=LONGEST_WAIT):
        return None
    try:
        response = _ask(request.headers.get(ASK, "look"))
    finally:
        _slots.release()
    response.headers[HEADER] = key.proof(current_app.config["SECRET_KEY"], word)
    response.headers[f"{HEADER}-Method"] = request.method
    return response


def _ask(asked: str) -> Response:
    what, _, more = asked.partition(" ")
    if what == "file":
        return _file()
    if what == "stored":
        return _stored(more)
    if what == "drip":
        return Response(_drip(), mimetype="application/octet-stream")
    return _look(what, more)


def _look(what: str, more: str) -> Response:
    body = _body()
    if what == "sleep" and more.isdecimal():
        time.sleep(min(float(more), LONGEST_SLEEP))
    response = jsonify(saw=_saw(), body=body, server=_server(), nonce=os.urandom(8).hex())
    if what == "status" and more.isdecimal():
        response.status_code = int(more)
    if what == "cookie":
        response.headers["Set-Cookie"] = f"probe={'x' * LONG_COOKIE}; Max-Age=0; Path=/"
    return response


def _saw() -> dict[str, Any]:
    environ = request.environ
    before = environ.get("werkzeug.proxy_fix.orig", {})
    return {
        "method": request.method,
        "scheme": request.scheme,
        "host": get_host(request.scheme, environ.get("HTTP_HOST")),
        "known": not isinstance(request.routing_exception, SecurityError),
        "root": request.root_path,
        "address": request.remote_addr,
        "peer": before.get("REMOTE_ADDR", environ.get("REMOTE_ADDR")),
        "protocol": environ.get("SERVER_PROTOCOL", ""),
        "query": len(environ.get("QUERY_STRING", "")),
        "cookie": len(environ.get("HTTP_COOKIE", "")),
        "headers": {
            name.removeprefix("HTTP_").lower(): str(value)
            for name, value in environ.items()
            if name.startswith(FORWARDED)
        },
    }


def _body() -> dict[str, Any]:
    """How the body came: a front server that holds it back hands it over at once."""
    began, got, first, whole = time.monotonic(), 0, 0.0, False
    digest, block = hashlib.sha256(), memoryview(bytearray(64 * 1024))
    body = open_body(request.environ, Watch(idle=IDLE))
    with suppress(Stopped), body:
        while got < MOST_READ and (count := body.readinto(block)):
            first = first or time.monotonic()
            digest.update(block[:count])
            got += count
        whole = got < MOST_READ
    if not whole:
        body.abandon()
    waited = time.monotonic() - (first or began)
    return {
        "declared": request.content_length,
        "got": got,
        "whole": whole,
        "sha256": digest.hexdigest(),
        "waited": round(waited, 3),
    }


def _server() -> dict[str, Any]:
    """Of the process that answers: it may run as another user, and with other settings, than
    whoever asks."""
    return {
        "software": request.environ.get("SERVER_SOFTWARE", ""),
        "uwsgi": "uwsgi.version" in request.environ,
        "pid": os.getpid(),
        "uid": os.geteuid(),
        "files": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        "python": platform.python_version(),
        "debug": current_app.debug,
        "many": bool(request.environ.get("wsgi.multiprocess")),
        "threads": bool(request.environ.get("wsgi.multithread")),
        "trusted": _trusted(),
        "instance": current_app.instance_path,
        "time": time.time(),
    }


def _trusted() -> int:
    """How many proxies this process believes, whatever the settings say by now."""
    app: Any = current_app.wsgi_app
    while app is not None:
        if isinstance(app, ProxyFix):
            return app.x_for
        app = getattr(app, "app", None)
    return 0


def _file() -> Response:
    """A file as downloads are: ranges, ETag, conditional requests."""
    status, part = asked_for(FILE_TAG, FILE_DATE, len(FILE))
    body = FILE[part.start : part.start + part.length] if status in {WHOLE, PARTIAL} else b""
    response = Response(body, status, mimetype="application/octet-stream")
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["ETag"] = f'"{FILE_TAG}"'
    measure(response, part, len(FILE))
    return response


def _stored(id: str) -> Response:
    """A blob of the storage, sent as downloads are: by the front server, if it does that."""
    try:
        return send_blob(
            files.storage(), UUID(id), name="check.bin", media_type="application/octet-stream",
            sha256=FILE_TAG, modified=FILE_DATE, download=True,
        )  # fmt: skip
    except (FileNotFoundError, ValueError):
        return Response(status=404)


def _drip() -> Iterator[bytes]:
    yield FILE
    time.sleep(PAUSE)
    yield FILE


def init_app(app: Flask) -> None:
    """Listen before anything else is asked: whom it is for, or where it came from."""
    app.before_request(_answer)
