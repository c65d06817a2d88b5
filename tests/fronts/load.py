"""A few visitors who ask for a page again and again, while something happens to its servers."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from tests.fronts.front import Front
from tests.serve.conftest import PATIENCE


@dataclass
class Load:
    """How it went; ``lost`` are the requests that had no answer, or not the page."""

    front: Front
    answered: int = 0
    lost: list[str] = field(default_factory=list)
    ends: threading.Event = field(default_factory=threading.Event)

    def fresh(self) -> None:
        """Each request on a line of its own."""
        while not self.ends.is_set():
            try:
                self._note(self.front.guest().ask("GET", "/ak").status)
            except (OSError, http.client.HTTPException) as problem:
                self.lost.append(f"fresh: {problem!r}")

    def kept(self) -> None:
        """On one line while it lasts; closed before an answer began, asked again, as all do."""
        guest = self.front.guest()
        while not self.ends.is_set():
            try:
                with closing(guest.connection()) as connection:
                    self._keep_asking(connection, guest.names)
            except (OSError, http.client.HTTPException) as problem:
                self.lost.append(f"kept: {problem!r}")

    def _keep_asking(self, connection: http.client.HTTPConnection, names: dict[str, str]) -> None:
        number = 0
        while not self.ends.is_set() and connection.sock:
            try:
                connection.request("GET", "/ak", headers=names)
                answer = connection.getresponse()
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                if not number:
                    raise
                return
            answer.read()
            number += 1
            self._note(answer.status)

    def _note(self, status: int) -> None:
        self.answered += 1
        if status != 200:
            self.lost.append(str(status))

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
