"""A few visitors who ask for a page again and again, while something happens to its servers."""

from __future__ import annotations

import http.client
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from tests.fronts.front import Front
from tests.serve.conftest import PATIENCE

DOWN = {502, 503}
# A kept line that its other end has closed, which it may at any time between two requests: without
# TLS, and with it.
CLOSED = (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError)
CLOSED += (ssl.SSLEOFError, ssl.SSLZeroReturnError)


@dataclass
class Load:
    """How it went.

    ``refused`` were told so at once: at the door, or by a page that says that the site is down.
    ``lost`` are all others that had no answer, or not the page.
    """

    front: Front
    answered: int = 0
    refused: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    ends: threading.Event = field(default_factory=threading.Event)

    def fresh(self) -> None:
        """Each request on a line of its own."""
        self._go_on(only=1)

    def kept(self) -> None:
        """On one line while it lasts; closed before an answer began, asked again, as all do."""
        self._go_on(only=None)

    def _go_on(self, only: int | None) -> None:
        guest = self.front.guest()
        while not self.ends.is_set():
            guest.port = self.front.port
            try:
                connection = guest.connection()
            except OSError as problem:
                self._refuse(repr(problem))
                continue
            with closing(connection):
                self._ask(connection, guest.names, only)

    def _ask(
        self, connection: http.client.HTTPConnection, names: dict[str, str], only: int | None
    ) -> None:
        number = 0
        try:
            while number != only and not self.ends.is_set() and connection.sock:
                connection.request("GET", "/ak", headers=names)
                answer = connection.getresponse()
                answer.read()
                number += 1
                self._note(answer.status)
        except CLOSED as problem:
            if not number:
                self.lost.append(f"the first: {problem!r}")
        except (OSError, http.client.HTTPException) as problem:
            self.lost.append(f"number {number}: {problem!r}")

    def _note(self, status: int) -> None:
        if status == 200:
            self.answered += 1
        elif status in DOWN:
            self._refuse(str(status))
        else:
            self.lost.append(str(status))

    @property
    def missed(self) -> list[str]:
        return self.refused + self.lost

    def _refuse(self, how: str) -> None:
        self.refused.append(how)
        self.ends.wait(0.02)

    def wait(self, more: int = 40) -> None:
        """Until so many more were answered."""
        until, least = time.monotonic() + PATIENCE, self.answered + more
        while self.answered < least and time.monotonic() < until:
            time.sleep(0.02)
        assert self.answered >= least, self.lost[:5]


@contextmanager
def load(front: Front) -> Iterator[Load]:
    found = Load(front)
    threads = [threading.Thread(target=one) for one in (found.fresh, found.kept) * 3]
    for one in threads:
        one.start()
    try:
        found.wait()
        yield found
    finally:
        found.ends.set()
        for one in threads:
            one.join()
