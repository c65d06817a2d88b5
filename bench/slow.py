"""Pages while 64 visitors upload at 20 KiB/s: `python bench/slow.py`. Goal: 88 % of the usual rate.

One member asks for their first page on a kept connection, in turns with and without the slow ones;
Frontdesk runs as `make run` starts it (2 x 64 threads), stock Flask on gunicorn's own defaults for
threads (2 x 8).
"""

from __future__ import annotations

import argparse
import http.client
import selectors
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measure import Way
from servers import STOCK, frontdesk, gunicorn, log_in
from tests.files.wire import CONTENT_TYPE

SLOW, PIECE, PAUSE = 64, 2048, 0.1  # 20 KiB/s each
LENGTH = 50_000_000


def nothing(way: Way, size: int) -> None:
    pass


def site(way: Way) -> list[str]:
    command = frontdesk(way)
    way.environ = {**way.environ, "WEB_CONCURRENCY": "2"}
    return command


def stock(way: Way) -> list[str]:
    command = gunicorn(STOCK + '\n@app.get("/hello/")\ndef hello():\n    return "Hello!"\n')(way)
    command[command.index("-w") + 1] = "2"
    return command


@contextmanager
def slow_ones(way: Way) -> Iterator[None]:
    """So many forms on their way, each a little further every tenth of a second."""
    head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: {CONTENT_TYPE}\r\n\r\n".encode()
    if visitor := way.facts.get("visitor"):
        head = visitor.head()
    head = head.replace(b"\r\n\r\n", b"\r\nContent-Length: %d\r\n\r\n" % LENGTH)
    boundary = CONTENT_TYPE.partition("boundary=")[2]
    about = 'Content-Disposition: form-data; name="the_file"; filename="slow.bin"'
    begun = head + f"--{boundary}\r\n{about}\r\n\r\n".encode()
    lines = [socket.create_connection(("127.0.0.1", way.port)) for _ in range(SLOW)]
    stop = threading.Event()
    thread = threading.Thread(target=trickle, args=[lines, begun, stop])
    thread.start()
    time.sleep(1)
    try:
        yield
    finally:
        stop.set()
        thread.join()
        for line in lines:
            line.close()


def trickle(lines: list[socket.socket], begun: bytes, stop: threading.Event) -> None:
    selector = selectors.DefaultSelector()
    for line in lines:
        line.sendall(begun)
        line.setblocking(False)
        selector.register(line, selectors.EVENT_WRITE)
    while not stop.wait(PAUSE):
        for key, _ in selector.select(0):
            try:
                key.fileobj.send(bytes(PIECE))  # type: ignore[union-attr]
            except OSError:  # refused: it was answered and closed
                selector.unregister(key.fileobj)


def pages(way: Way, seconds: float) -> float:
    """Pages a second; 0 if there is no answer at all."""
    connection = http.client.HTTPConnection("127.0.0.1", way.port, timeout=seconds)
    count, ends = 0, time.monotonic() + seconds
    visitor = way.facts.get("visitor")
    cookie = visitor.cookie if visitor else {}
    try:
        while time.monotonic() < ends:
            connection.request("GET", "/hello/", headers=cookie)
            answer = connection.getresponse()
            answer.read()
            count += answer.status == 200
    except OSError:
        pass
    finally:
        connection.close()
    return count / seconds


def measure(way: Way, rounds: int, seconds: float) -> None:
    quiet, busy = [], []
    for _ in range(rounds):
        quiet.append(pages(way, seconds))
        with slow_ones(way):
            busy.append(pages(way, seconds))
    kept = statistics.median(one / other for one, other in zip(busy, quiet, strict=True))
    first, then = statistics.median(quiet), statistics.median(busy)
    print(f"{way.name:40} {first:7.0f} {then:7.0f} {kept:7.0%}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    told = parser.parse_args()
    print(f"{'pages a second':40} {'alone':>7} {'beside':>7} {'kept':>7}")
    ways = [
        Way("Frontdesk (2 x 64 threads)", site, nothing, log_in),
        Way("stock Flask (2 x 8 threads)", stock, nothing),
    ]
    for way in ways:
        with tempfile.TemporaryDirectory() as folder:
            try:
                way.up(Path(folder) / "site")
                measure(way, told.rounds, told.seconds)
            finally:
                way.down()


if __name__ == "__main__":
    main()
