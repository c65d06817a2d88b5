"""check/stranger.py - somebody else's server at the other end, who means no good."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from threading import Event, Thread

import pytest

from frontdesk.check import stranger
from frontdesk.check.outside import Way, look
from frontdesk.check.visit import House

HOUSE = House(1000, 1000, (), "", {})
DRIPS = 200  # every 50 ms: it ends by itself, so that a fault is no hanging test
STARTS = {
    "the head": b"HTTP/1.1 200 OK\r\nA: ",
    "the body": b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n.",
    "the body in chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n.",
}


class Dripping:
    """Takes connections, and answers a byte at a time, for as long as somebody listens."""

    def __init__(self, start: bytes) -> None:
        self._start = start
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.was_left = Event()
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listening.accept()
            except OSError:
                return
            with line, suppress(OSError):
                if line.recv(65_536):  # one that only tries whether somebody is there says nothing
                    self._drip(line)

    def _drip(self, line: socket.socket) -> None:
        try:
            line.sendall(self._start)
            for _ in range(DRIPS):
                line.sendall(b".")
                time.sleep(0.05)
        except OSError:
            self.was_left.set()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(30)


@pytest.fixture(params=STARTS.values(), ids=STARTS.keys())
def dripping(request: pytest.FixtureRequest) -> Iterator[Dripping]:
    found = Dripping(request.param)
    yield found
    found.close()


def test_an_answer_that_never_ends_is_left(
    dripping: Dripping, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each byte came in time, so that it was listened to for hours."""
    monkeypatch.setattr(stranger, "LONGEST", 0.5 - stranger.TIMEOUT)
    (found,) = look(Way(dripping.url), "a key", HOUSE)
    assert found.id == "reach" and found.level != "ok"
    assert dripping.was_left.wait(30)
