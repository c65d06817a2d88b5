"""Uploads in pieces over a real connection: tuspy, and a line that is cut."""

from __future__ import annotations

import random
import socket
import time
from typing import Any

import pytest
from tests.files.tus import OCTETS, TUS, metadata
from tests.serve.conftest import Server, Visitor

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("server")]
MB = 1_000_000


def create(visitor: Visitor, length: int, name: str, **more: str) -> Any:
    headers = {**TUS, "Upload-Length": str(length), "Upload-Metadata": metadata(filename=name)}
    return visitor.ask("POST", "/uploads/", X_CSRFToken=visitor.token(), **headers, **more)


def test_what_arrived_before_the_line_was_cut_is_kept(server: Server, alice: Visitor) -> None:
    data = random.Random(4).randbytes(9 * MB)
    address = create(alice, len(data), "cut.bin").headers["Location"]
    lines = [f"PATCH {address} HTTP/1.1", "Host: x", f"Content-Type: {OCTETS}", "Upload-Offset: 0"]
    head = "\r\n".join([*lines, "Tus-Resumable: 1.0.0", f"Content-Length: {len(data)}", "", ""])
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(head.encode() + data[: 4 * MB])
    stranger = Visitor(server.port)
    at, until = 0, time.monotonic() + 10
    while not at and time.monotonic() < until:  # the server may not have begun to read yet
        time.sleep(0.1)
        at = int(stranger.ask("HEAD", address, **TUS).headers["Upload-Offset"])
    assert 0 < at <= 4 * MB, "whoever looks makes a dead line let go; what it brought is kept"
    more = {**TUS, "Upload-Offset": str(at), "Content-Type": OCTETS}
    assert stranger.ask("PATCH", address, data[at:], **more).status == 204
    assert alice.ask("GET", "/path/cut.bin?download=1").body == data


def test_a_refused_body_is_read_and_the_line_serves_on(server: Server, alice: Visitor) -> None:
    """The next request on the same connection must not begin in the middle of this body."""
    body, more = bytes(3 * MB), f"Cookie: {alice.cookie['Cookie']}"
    lines = ["POST /uploads/ HTTP/1.1", "Host: x", "Tus-Resumable: 1.0.0", more]
    lines += [f"Upload-Length: {len(body)}", f"Content-Type: {OCTETS}"]
    head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        line.sendall(head + body + b"GET /ak HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        said = b""
        while block := line.recv(65_536):
            said += block
    assert said.startswith(b"HTTP/1.1 400") and b"Your page was open too long" in said
    assert said.count(b"HTTP/1.1 200") == 1, "the request behind it is answered"
