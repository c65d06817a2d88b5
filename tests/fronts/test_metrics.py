"""The site's numbers behind each front server: for who has the token, and not there for others."""

from __future__ import annotations

import pytest
from tests.fronts.front import Front, behind, kinds
from tests.fronts.starting import TOKEN
from tests.serve.conftest import Visitor

HERE = {"X_Forwarded_For": "127.0.0.1", "X_Real_IP": "127.0.0.1", "Forwarded": "for=127.0.0.1"}


def answer(front: Front, **headers: str) -> tuple[int, bool]:
    """How it ends, and whether there are numbers in it."""
    found = front.guest().ask("GET", "/metrics", **headers)
    return found.status, b"frontdesk_requests_total{" in found.body


def shown(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@behind
def test_from_outside_they_are_not_there(front: Front) -> None:
    """Although the front server is on the same machine, and whatever a stranger says of it."""
    assert answer(front) == (404, False)
    assert answer(front, **HERE) == (404, False)
    assert answer(front, **shown("a-token-that-is-wrong")) == (404, False)
    assert front.member().ask("GET", "/metrics").status == 404, "an admin has no token either"


@behind
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "files.example.org.:443"])
def test_another_name_opens_nothing(front: Front, host: str) -> None:
    assert b"frontdesk_requests_total{" not in at_name(front, host)


def at_name(front: Front, host: str) -> bytes:
    """What comes for a Host of one's own; nothing, where the front server hangs up."""
    with front.dial() as line:
        line.sendall(f"GET /metrics HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        try:
            return b"".join(iter(lambda: line.recv(65536), b""))
        except OSError:
            return b""


@behind
def test_the_token_opens_them_through_the_front_server(front: Front) -> None:
    assert answer(front, **shown(TOKEN)) == (200, True)


@kinds("gunicorn")
def test_who_asks_the_server_itself_needs_no_token(front: Front) -> None:
    found = Visitor(front.port).ask("GET", "/metrics")
    assert found.status == 200 and b"frontdesk_requests_total{" in found.body
