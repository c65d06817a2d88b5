"""The same forms through gunicorn: chunked, slow, cut off on the wire, answered early."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

pytestmark = pytest.mark.server

HEAD = b'Content-Disposition: form-data; name="the_file"; filename="%s"\r\n\r\n'
KIND = b"Content-Type: multipart/form-data; boundary=B\r\n"


class Server(NamedTuple):
    port: int
    folder: Path

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def left(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file()]

    def left_after_a_while(self) -> list[Path]:
        """The server notices a client that is gone a moment later than we do."""
        ends = time.monotonic() + 10
        while self.left() and time.monotonic() < ends:
            time.sleep(0.05)
        return self.left()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("files")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    here = str(Path(__file__).parent)
    environment = {
        **os.environ,
        "RECEIVER_FOLDER": str(folder),
        "PYTHONPATH": os.pathsep.join([here, *sys.path]),
    }
    options = ["-k", "gthread", "--threads", "8", "-b", f"127.0.0.1:{port}", "--no-control-socket"]
    command = [sys.executable, "-m", "gunicorn", *options, "receiver:create_app()"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(port)
            yield Server(port, folder)
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    for _ in range(300):
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
    raise AssertionError("gunicorn does not start")


def answer(connection: socket.socket) -> tuple[int, Any]:
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response.status, json.loads(response.read())


def form(*files: tuple[bytes, bytes]) -> bytes:
    parts = (b"--B\r\n" + HEAD % name + data + b"\r\n" for name, data in files)
    return b"".join(parts) + b"--B--\r\n"


def request(url: str, length: int) -> bytes:
    return b"POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n" % (
        url.encode(),
        KIND,
        length,
    )


def test_files_arrive_as_they_were(server: Server) -> None:
    data = os.urandom(5_000_000)
    body = form((b"a", data), (b"b", b""))
    with closing(server.connect()) as connection:
        connection.sendall(request("/up", len(body)) + body)
        status, said = answer(connection)
        assert status == 200 and not said["cut_off"]
        assert [file["size"] for file in said["files"]] == [5_000_000, 0]
        assert said["files"][0]["sha256"] == hashlib.sha256(data).hexdigest()
        connection.sendall(request("/up", 8) + b"--B--\r\n ")  # the connection is still in step
        assert answer(connection)[0] == 200
    assert server.left() == []


def test_a_chunked_body_arrives_as_it_was(server: Server) -> None:
    data = os.urandom(1_000_000)
    body = form((b"a", data))
    head = b"POST /up HTTP/1.1\r\nHost: x\r\n" + KIND + b"Transfer-Encoding: chunked\r\n\r\n"
    with closing(server.connect()) as connection:
        connection.sendall(head)
        for start in range(0, len(body), 70_001):
            piece = body[start : start + 70_001]
            connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        connection.sendall(b"0\r\n\r\n")
        status, said = answer(connection)
    assert status == 200 and not said["cut_off"]
    assert said["files"][0]["sha256"] == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("chunked", [False, True])
def test_of_a_form_cut_off_on_the_wire_the_complete_files_stay(
    server: Server, chunked: bool
) -> None:
    body = form((b"whole", b"abc"), (b"half", b"x" * 3_000_000))[:2_000_000]
    head = request("/up?keep=1", 4_000_000)
    if chunked:
        head = head.replace(b"Content-Length: 4000000", b"Transfer-Encoding: chunked")
        body = b"%x\r\n%s" % (4_000_000, body)
    with closing(server.connect()) as connection:
        connection.sendall(head + body)
        connection.shutdown(socket.SHUT_WR)
        status, said = answer(connection)
    assert status == 200 and said["cut_off"]
    assert [file["name"] for file in said["files"]] == ["whole"]
    (kept,) = server.left()
    kept.unlink()


def test_of_a_client_that_is_gone_nothing_stays(server: Server) -> None:
    with closing(server.connect()) as connection:
        connection.sendall(request("/up", 10**9) + form((b"a", b"x" * 3_000_000))[:-20])
        linger = b"\x01\0\0\0\0\0\0\0"  # close with a reset
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    time.sleep(0.2)
    assert server.left_after_a_while() == []


@pytest.mark.parametrize("url", ["/up?most=1000", "/up?budget=1000"])
def test_a_refusal_is_heard_after_all_was_sent(server: Server, url: str) -> None:
    body = form((b"big", bytes(20_000_000)), (b"small", b"x"))
    with closing(server.connect()) as connection:
        connection.sendall(request(url, len(body)) + body)
        status, said = answer(connection)
    assert status == 200
    assert [bool(file["refused"]) for file in said["files"]] == [True, False]


def test_an_early_answer_is_heard(server: Server) -> None:
    with closing(server.connect()) as connection:
        connection.sendall(request("/early", 20_000_000) + bytes(20_000_000))
        assert answer(connection) == (413, {"whole": True})
        connection.sendall(request("/early", 0))  # and nothing of the body was taken for a request
        assert answer(connection)[0] == 413


def test_an_early_answer_does_not_wait_for_a_client_that_dawdles(server: Server) -> None:
    with closing(server.connect()) as connection:
        connection.sendall(request("/early?seconds=0.5", 10**9) + b"x")
        began = time.monotonic()
        assert answer(connection) == (413, {"whole": False})
        assert time.monotonic() - began < 10


def test_two_forms_sent_at_once_are_two(server: Server) -> None:
    body = form((b"a", b"x" * 300_000))
    both = request("/up", len(body)) + body
    with closing(server.connect()) as connection:
        connection.sendall(both + both)
        reader = connection.makefile("rb")
        for _ in range(2):
            head = b"".join(iter(reader.readline, b"\r\n"))
            length = int(head.lower().partition(b"content-length:")[2].split()[0])
            (file,) = json.loads(reader.read(length))["files"]
            assert file["size"] == 300_000
        reader.close()


def test_who_waits_for_a_100_gets_one(server: Server) -> None:
    body = form((b"a", b"x" * 300_000))
    head = request("/up", len(body)).replace(b"Host: x", b"Host: x\r\nExpect: 100-continue")
    with closing(server.connect()) as connection:
        connection.sendall(head)
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        connection.sendall(body)
        status, said = answer(connection)
    assert status == 200 and said["files"][0]["size"] == 300_000


@pytest.mark.parametrize("chunked", [False, True])
def test_who_sends_next_to_nothing_is_told_so(server: Server, chunked: bool) -> None:
    """A thousand bytes a second are the least here, over one second."""
    head, begun = request("/up", 10**6), form((b"whole", b"abc"), (b"half", b"x" * 100))[:-20]
    if chunked:
        head = head.replace(b"Content-Length: 1000000", b"Transfer-Encoding: chunked")
        begun = b"%x\r\n%s\r\n" % (len(begun), begun)
    with closing(server.connect()) as connection:
        connection.sendall(head + begun)
        began, connection_is_open = time.monotonic(), True
        connection.settimeout(0.1)
        while connection_is_open and time.monotonic() < began + 10:
            try:
                connection_is_open = not connection.recv(1, socket.MSG_PEEK)
            except TimeoutError:
                connection.sendall(b"1\r\ny\r\n" if chunked else b"y")
        status, said = answer(connection)
    assert status == 200 and said["too_slow"]
    assert [file["name"] for file in said["files"]] == ["whole"]
    assert server.left_after_a_while() == []
