"""Requests on the edge of HTTP: no server may find a second request where another saw one."""

from __future__ import annotations

import re
import socket
import time
from contextlib import ExitStack
from dataclasses import dataclass

from tests.fronts.front import Front
from tests.fronts.tricks import BROKEN_BODIES, HEAD, HIDDEN, READ_AS_ONE, REFUSED, written
from tests.serve.conftest import PATIENCE

QUIET = 1.0  # so long a second answer may take
NO = {400, 404, 405, 408, 411, 413, 414, 421, 431, 501, 505}


@dataclass
class Talk:
    """A line on which a request was sent, and what came back."""

    line: socket.socket
    said: bytes = b""
    ended: bool = False

    @property
    def statuses(self) -> list[int]:
        """Of the answers, but for those that only ask for the body."""
        found = [int(one) for one in re.findall(rb"HTTP/1\.[01] (\d{3}) ", self.said)]
        return [one for one in found if one != 100]

    def listen(self) -> None:
        """Take what is there."""
        self.line.settimeout(0.01)
        try:
            while not self.ended:
                some = self.line.recv(65_536)
                self.said += some
                self.ended = not some
        except TimeoutError:
            pass
        except OSError:
            self.ended = True


def talk(front: Front, tricks: dict[str, str]) -> dict[str, Talk]:
    """Send each on a line of its own, wait until all are answered or closed, then a while more."""
    with ExitStack() as stack:
        talks = {}
        for number, (name, trick) in enumerate(tricks.items()):
            talks[name] = Talk(stack.enter_context(front.dial()))
            try:
                talks[name].line.sendall(written(trick, place(tricks, number), front.guest().host))
            except OSError:  # the server had read enough of it
                continue
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            for one in talks.values():
                one.listen()
            if all(one.ended or one.statuses for one in talks.values()):
                until = min(until, time.monotonic() + QUIET)
        return talks


def place(tricks: dict[str, str], number: int) -> str:
    return f"/trick-{len(tricks)}-{number}"


def served(front: Front, tricks: dict[str, str], suffix: str = "") -> list[str]:
    """Of which the site heard."""
    return [
        name
        for number, name in enumerate(tricks)
        if front.requests(place(tricks, number) + suffix, wait=False)
    ]


def test_two_requests_on_a_line_are_two(front: Front) -> None:
    """The yardstick of the others: what follows a whole request is seen here, and answered."""
    honest = {"honest": HEAD + "Content-Length: 0\r\n\r\n" + HIDDEN}
    assert talk(front, honest)["honest"].statuses == [404, 404]
    assert front.requests(place(honest, 0) + "-hidden")


def test_nobody_takes_a_trick(front: Front) -> None:
    talks = talk(front, REFUSED)
    assert {code for one in talks.values() for code in one.statuses} <= NO
    assert [name for name, one in talks.items() if len(one.statuses) != 1] == []
    assert served(front, REFUSED) == served(front, REFUSED, "-hidden") == []


def test_the_site_says_no_to_a_broken_body(front: Front) -> None:
    talks = talk(front, BROKEN_BODIES)
    found = {name: one.statuses for name, one in talks.items()}
    assert [name for name, codes in found.items() if len(codes) != 1 or codes[0] not in NO] == []
    assert served(front, BROKEN_BODIES, "-hidden") == []


def test_what_is_hidden_in_a_request_is_never_served(front: Front) -> None:
    talks = talk(front, READ_AS_ONE)
    found = {name: one.statuses for name, one in talks.items()}
    assert {name: codes for name, codes in found.items() if len(codes) > 1} == {}
    assert {name: codes for name, codes in found.items() if not NO.issuperset(codes)} == {}
    assert served(front, READ_AS_ONE, "-hidden") == []
