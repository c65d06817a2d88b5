"""Uploads over a real connection: large, cut off, chunked, over the limit, from strangers."""

from __future__ import annotations

import hashlib
import http.client
import random
import socket
import time
from collections.abc import Callable, Iterator

import pytest
from tests.files.wire import CONTENT_TYPE, multipart
from tests.serve.answer import Answer
from tests.serve.conftest import Server, Visitor
from tests.serve.test_start_and_stop import report

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("server")]
MB = 1_000_000


def answer_on(line: socket.socket) -> Answer:
    answer = http.client.HTTPResponse(line)
    answer.begin()
    return Answer(answer.status, answer.headers, answer.read())


def chunked(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def settled(server: Server, blobs: int) -> bool:
    """Whether nothing unfinished is left, and so many files; gives the server a moment."""
    until = time.monotonic() + 10
    while time.monotonic() < until and (server.staging or len(server.blobs) != blobs):
        time.sleep(0.05)
    return not server.staging and len(server.blobs) == blobs


def test_two_hundred_megabytes_come_and_go_as_they_were(
    serve: Callable[..., Server], size: int = 200 * MB
) -> None:
    server = serve()
    visitor = Visitor(server.port)
    visitor.log_in()
    block = random.Random(1).randbytes(MB)
    around = multipart({"csrf_token": visitor.token()}, [("big.bin", b"|")]).split(b"|")

    def body() -> Iterator[bytes]:
        yield around[0]
        yield from (block for _ in range(size // MB))
        yield around[1]

    server.forget_peak()
    length, before = str(sum(map(len, around)) + size), server.peak()
    began = time.monotonic()
    sent = visitor.ask("POST", "/upload", body(), Content_Type=CONTENT_TYPE, Content_Length=length)
    up, middle = time.monotonic() - began, server.peak()
    assert sent.status == 303
    began = time.monotonic()
    got = visitor.ask("GET", "/path/big.bin?download=1")
    down = time.monotonic() - began
    report(
        f"200 MB up in {up:.2f} s ({size / up / 1e6:.0f} MB/s), down in {down:.2f} s "
        f"({size / down / 1e6:.0f} MB/s); peak memory of a worker {before / 1e6:.1f} → "
        f"{middle / 1e6:.1f} → {server.peak() / 1e6:.1f} MB"
    )
    assert hashlib.sha256(got.body).digest() == hashlib.sha256(block * (size // MB)).digest()
    assert middle - before < size / 8, "a file is never held in memory"


def test_a_form_cut_off_keeps_what_was_complete(server: Server, alice: Visitor) -> None:
    count = len(server.blobs)
    body = multipart({}, [("whole.txt", b"content"), ("half.bin", bytes(5 * MB))])
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(alice.head(f"Content-Length: {len(body)}") + body[: 3 * MB])
    assert settled(server, count + 1)
    assert alice.finds("whole.txt")
    assert alice.ask("GET", "/path/half.bin").status == 404


def test_who_stops_sending_but_listens_is_told(server: Server, alice: Visitor) -> None:
    count = len(server.blobs)
    body = multipart({}, [("told.txt", b"content"), ("half.bin", bytes(MB))])
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(alice.head(f"Content-Length: {len(body)}") + body[: MB // 2])
        line.shutdown(socket.SHUT_WR)
        answer = answer_on(line)
    assert answer.status == 400
    said = "The connection broke off. Choose the files that are missing once more."
    assert answer.problems == [said]
    assert "told.txt" in answer.html.get_text()
    assert settled(server, count + 1)


def test_a_chunked_form_is_taken(server: Server, alice: Visitor) -> None:
    body = multipart({}, [("chunked.bin", b"0123456789" * 100_000)])
    pieces = [body[at : at + 70_001] for at in range(0, len(body), 70_001)]
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(alice.head("Transfer-Encoding: chunked"))
        line.sendall(b"".join(map(chunked, pieces)) + b"0\r\n\r\n")
        assert answer_on(line).status == 303
    assert alice.ask("GET", "/path/chunked.bin?download=1").body == b"0123456789" * 100_000


def test_a_chunked_form_cut_off_keeps_what_was_complete(server: Server, alice: Visitor) -> None:
    count = len(server.blobs)
    body = multipart({}, [("in chunks.txt", b"content"), ("half.bin", bytes(5 * MB))])
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(
            alice.head("Transfer-Encoding: chunked") + chunked(body[: 2 * MB]) + b"fff\r\n"
        )
    assert settled(server, count + 1)
    assert alice.finds("in chunks.txt")


def test_a_file_over_the_limit_is_refused_in_words(server: Server, alice: Visitor) -> None:
    """Thirty megabytes are to a limit of twenty what 3 GB are to 2."""
    count = len(server.blobs)
    body = multipart({"csrf_token": alice.token()}, [("film.mkv", bytes(30 * MB)), ("ok", b"x")])
    answer = alice.ask("POST", "/upload", body, Content_Type=CONTENT_TYPE)
    assert answer.status == 413
    assert answer.problems == ["“film.mkv” must be smaller than 20 MB"]
    assert settled(server, count + 1)


def test_a_chunked_file_over_the_limit_is_refused_too(server: Server, alice: Visitor) -> None:
    count = len(server.blobs)
    body = multipart({}, [("film.mkv", bytes(25 * MB))])
    pieces = [body[at : at + MB] for at in range(0, len(body), MB)]
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(alice.head("Transfer-Encoding: chunked"))
        line.sendall(b"".join(map(chunked, pieces)) + b"0\r\n\r\n")
        assert answer_on(line).status == 413
    assert settled(server, count)


def test_a_length_that_is_too_short_smuggles_nothing(server: Server, alice: Visitor) -> None:
    """What lies beyond the length must not become a request of its own that changes things."""
    count = len(server.blobs)
    body = multipart({}, [("short.txt", b"content")])
    inner = multipart({}, [("smuggled.txt", b"content")])
    rest = alice.head(f"Content-Length: {len(inner)}").replace(b"POST /upload", b"GET /ak") + inner
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(alice.head(f"Content-Length: {len(body)}", "Connection: close") + body + rest)
        assert answer_on(line).status == 303
    assert settled(server, count + 1)
    assert alice.ask("GET", "/path/smuggled.txt").status == 404


def test_a_stranger_gets_the_log_in_page_and_leaves_nothing(server: Server) -> None:
    count, stranger = len(server.blobs), Visitor(server.port)
    body = multipart({}, [("a.bin", bytes(30 * MB))])
    answer = stranger.ask("POST", "/upload", body, Content_Type=CONTENT_TYPE)
    assert (answer.status, answer.title) == (401, "Log in to continue")
    assert settled(server, count)


def test_a_form_without_our_token_gets_a_page_and_leaves_nothing(
    server: Server, alice: Visitor
) -> None:
    count = len(server.blobs)
    body = multipart({}, [("a.bin", bytes(10 * MB))])
    answer = alice.ask("POST", "/upload", body, Content_Type=CONTENT_TYPE)
    assert answer.status == 400
    assert answer.title
    assert settled(server, count)


@pytest.mark.parametrize("part", [(0, 9), (19_999_990, 19_999_999), (5_000_000, 6_000_000)])
def test_a_part_is_sent_from_where_it_begins(
    server: Server, alice: Visitor, part: tuple[int, int]
) -> None:
    data = random.Random(2).randbytes(20 * MB)
    if alice.ask("HEAD", "/path/parts.bin?download=1").status == 404:
        body = multipart({"csrf_token": alice.token()}, [("parts.bin", data)])
        assert alice.ask("POST", "/upload", body, Content_Type=CONTENT_TYPE).status == 303
    asked = f"bytes={part[0]}-{part[1]}"
    answer = alice.ask("GET", "/path/parts.bin?download=1", Range=asked)
    assert (answer.status, answer.body) == (206, data[part[0] : part[1] + 1])
