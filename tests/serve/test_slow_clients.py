"""Goes into tests/serve: people who send slowly don't take the pages from the others."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest
from tests.serve.conftest import Server, Visitor

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("server")]
SLOW = (
    b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 400000\r\n\r\na="
)


@pytest.mark.parametrize("place", [b"/login", b"/upload"])
def test_slow_forms_leave_room_for_pages(serve: Callable[..., Server], place: bytes) -> None:
    server = serve()
    lines = [socket.create_connection(("127.0.0.1", server.port), 5) for _ in range(200)]
    try:
        for line in lines:
            line.sendall(SLOW % place)
        time.sleep(1)
        began = time.monotonic()
        for _ in range(5):
            assert Visitor(server.port).ask("GET", "/ak").status == 200
        assert time.monotonic() - began < 3
    finally:
        for line in lines:
            line.close()
