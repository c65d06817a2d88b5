"""One file, sent by every way that takes files, side by side in one run: `python bench/uploads.py`.

Prints one table: MiB/s, the ratio to nginx's WebDAV PUT of the same round, the server's CPU seconds
a GiB, and by how much its memory grew at most. The tus rows, Frontdesk's and copyparty's hash; only
the tus rows and Frontdesk's wait for the disk, for they promise.
"""

from __future__ import annotations

import os
import subprocess
import tempfile

from measure import Way, chosen, compare, options, request, table
from servers import (
    STOCK,
    copyparty,
    empty_put,
    forget_files,
    frontdesk,
    gunicorn,
    has_copyparty,
    has_nginx,
    log_in,
    nginx,
    resumable,
)
from tests.files.wire import CONTENT_TYPE, multipart

PLAIN = """
from flask_resumable.receiving import server
server.server_body = lambda environ, watch: None
"""


def put(way: Way, size: int) -> None:
    request(way.port, "PUT /file.bin HTTP/1.1", size)


def form(way: Way, size: int) -> None:
    """To stock Flask, or to /upload as a member."""
    before, after = multipart({}, [("file.bin", b"|")]).split(b"|")
    head = f"POST / HTTP/1.1\r\nContent-Type: {CONTENT_TYPE}"
    if visitor := way.facts.get("visitor"):
        head = visitor.head().decode().rstrip().replace("Host: x\r\n", "")
    request(way.port, head, size, before, after)


def tus(way: Way, size: int) -> None:
    version = "Tus-Resumable: 1.0.0"
    head = f"POST /uploads/ HTTP/1.1\r\n{version}\r\nUpload-Length: {size}"
    if visitor := way.facts.get("visitor"):
        head += f"\r\nX-CSRFToken: {way.facts['csrf']}\r\nCookie: {visitor.cookie['Cookie']}"
    answer, _ = request(way.port, head)
    address = next(line[10:] for line in answer.split("\r\n") if line.startswith("Location: "))
    kind = "Content-Type: application/offset+octet-stream"
    request(way.port, f"PATCH {address} HTTP/1.1\r\n{version}\r\n{kind}\r\nUpload-Offset: 0", size)


def token_put(way: Way, size: int) -> None:
    """What `curl -T` sends."""
    bearer = f"Authorization: Bearer {way.facts['token']}"
    request(way.port, f"PUT /path/file.bin HTTP/1.1\r\n{bearer}", size)


def curl(way: Way, size: int) -> None:
    """curl itself, which is slower at sending than we are."""
    with tempfile.NamedTemporaryFile() as file:
        os.truncate(file.name, size)
        url = f"http://127.0.0.1:{way.port}/path/file.bin"
        bearer = f"Authorization: Bearer {way.facts['token']}"
        command = ["curl", "-fsS", "-o", os.devnull, "-H", bearer, "-T", file.name, url]
        subprocess.run(command, check=True)


def ways() -> list[Way]:
    site = {"ready": log_in, "clean": forget_files}
    found = [Way("nginx PUT", nginx, put)] if has_nginx() else []
    found += [
        Way("tus PATCH", resumable(sha256=False), tus),
        Way("tus PATCH, SHA-256", resumable(sha256=True), tus),
        Way("tus PATCH, SHA-256, plain wsgi.input", resumable(True, PLAIN), tus),
        Way("Frontdesk, tus PATCH", frontdesk, tus, **site),
        Way("Frontdesk, form", frontdesk, form, **site),
        Way("Frontdesk, PUT with a token", frontdesk, token_put, **site),
        Way("Frontdesk, curl -T with a token", frontdesk, curl, **site),
        Way("stock Flask, request.files[…].save()", gunicorn(STOCK), form),
    ]
    if has_copyparty():
        found.append(Way("copyparty PUT", copyparty, put, clean=empty_put))
    return found


def main() -> None:
    told = options(__doc__)
    size = told.size << 20
    found = chosen(ways(), told.only)
    table("upload", compare(found, size, told.rounds, told.folder))


if __name__ == "__main__":
    main()
