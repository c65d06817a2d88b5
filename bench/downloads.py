"""One file, fetched from every server, side by side in one run: `python bench/downloads.py`.

Prints one table: MiB/s, the ratio to nginx in the same round, the server's CPU seconds a GiB (goal
for Frontdesk: at most 0.2), by how much its memory grew; then how long the last MiB of a file of
5 GiB takes to come, which must not depend on what lies before it.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

from measure import GIB, MIB, Unable, Way, compare, options, request, table
from servers import STOCK, copyparty, frontdesk, gunicorn, has_copyparty, has_nginx, log_in, nginx
from tests.files.wire import CONTENT_TYPE, multipart

FAR = 5 * GIB


def fetch(way: Way, size: int) -> None:
    """All of it, or its first bytes where it is larger; whoever sends less is out."""
    head = f"GET {way.facts['path']} HTTP/1.1\r\nRange: bytes=0-{size - 1}{way.facts['more']}"
    if size == way.facts["size"]:
        head = f"GET {way.facts['path']} HTTP/1.1{way.facts['more']}"
    count = request(way.port, head)[1]
    if count != size:
        raise Unable(f"sent {count} of {size} bytes")


def beside(where: str, size: int) -> dict[str, object]:
    """Make the file in a folder that the server shows."""

    def ready(way: Way) -> None:
        fill(way.folder / where, size)
        way.facts |= {"path": "/file.bin", "more": "", "size": size}

    return {"ready": ready}


def at_frontdesk(size: int) -> dict[str, object]:
    """Upload a file by the form, then let its blob grow to the size that is wanted."""

    def ready(way: Way) -> None:
        log_in(way)
        visitor = way.facts["visitor"]
        body = multipart({"csrf_token": way.facts["csrf"]}, [("file.bin", b"x")])
        sent = visitor.ask("POST", "/upload", body, Content_Type=CONTENT_TYPE)
        assert sent.status == 303
        (blob,) = (way.folder / "instance/files").glob("[0-9a-f][0-9a-f]/*")
        fill(blob, size)
        where = visitor.ask("GET", "/path/file.bin?download=1")
        path = where.headers.get("Location", "/path/file.bin?download=1")
        cookie = f"\r\nCookie: {visitor.cookie['Cookie']}"
        way.facts |= {"path": path, "more": cookie, "size": size}

    return {"ready": ready}


def fill(path: Path, size: int) -> None:
    """Real bytes up to 2 GiB; a file with a hole above that."""
    with path.open("wb") as file:
        block = os.urandom(MIB)
        for _ in range(size // MIB if size < 2 * GIB else 0):
            file.write(block)
        file.truncate(size)
    os.sync()


def ways(size: int) -> list[Way]:
    found = []
    if has_nginx():
        found.append(Way("nginx", nginx, fetch, **beside("put/file.bin", size)))
    found += [
        Way("Frontdesk", frontdesk, fetch, **at_frontdesk(size)),
        Way("stock Flask, send_file()", gunicorn(STOCK), fetch, **beside("file.bin", size)),
    ]
    if has_copyparty():
        found.append(Way("copyparty", copyparty, fetch, **beside("put/file.bin", size)))
    return found


def far(way: Way) -> float:
    """Milliseconds until the last MiB of the file is here."""
    last = f"Range: bytes={FAR - MIB}-{FAR - 1}{way.facts['more']}"
    times = []
    for _ in range(5):
        start = time.perf_counter()
        _, count = request(way.port, f"GET {way.facts['path']} HTTP/1.1\r\n{last}")
        assert count == MIB, count
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def main() -> None:
    told = options(__doc__)
    size = told.size << 20
    table("download", compare(ways(size), size, told.rounds, told.folder))
    print()
    with tempfile.TemporaryDirectory(dir=told.folder) as folder:
        for number, way in enumerate(ways(FAR)):
            try:
                way.up(Path(folder) / str(number))
                print(f"{way.name:40} {far(way):7.1f} ms for the last MiB of 5 GiB", flush=True)
            finally:
                way.down()


if __name__ == "__main__":
    main()
