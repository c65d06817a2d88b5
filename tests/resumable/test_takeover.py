"""Stuck, slow, doubled and refused senders, on the wire."""

import os
import time
from collections.abc import Callable

import pytest
from tests.resumable.tools import TUS, Server, chunk

pytestmark = pytest.mark.server
MIB = 1 << 20
Make = Callable[..., Server]


@pytest.mark.parametrize("transfer", [{}, {"Transfer_Encoding": "chunked"}])
def test_a_stuck_connection_is_taken_over_within_two_seconds(
    server: Server, transfer: dict[str, str]
) -> None:
    address = server.create(100)
    with server.wire() as stuck:
        stuck.head("PATCH", address, chunk(0, **transfer), None if transfer else 100)
        stuck.send(b"64\r\nabcde" if transfer else b"abcde")
        time.sleep(0.5)
        start = time.monotonic()
        assert server.offset(address) == 5
        assert time.monotonic() - start < 2
        answer = stuck.answer()
        assert (answer.status, answer.headers["upload-offset"]) == (409, "5")
        assert stuck.closed()
    assert server.ask("PATCH", address, chunk(5), b"x" * 95).status == 204


def test_a_stuck_chunk_header_is_taken_over_too(server: Server) -> None:
    address = server.create(100)
    with server.wire() as stuck:
        stuck.head("PATCH", address, chunk(0, Transfer_Encoding="chunked"), None)
        stuck.send(b"5\r\nabcde\r\n6")
        time.sleep(0.5)
        start = time.monotonic()
        assert server.offset(address) == 5
        assert time.monotonic() - start < 2


def test_two_writers_never_corrupt(server: Server) -> None:
    data = os.urandom(24 * MIB)
    address = server.create(len(data))
    with server.wire() as first, server.wire() as second:
        first.head("PATCH", address, chunk(0), len(data))
        first.send(data[:MIB])
        time.sleep(0.5)
        second.head("PATCH", address, chunk(0), len(data))
        second.send(b"\0" * 1000)
        assert first.answer().status == 409
        assert second.answer().status == 409
    offset = server.offset(address)
    assert offset == MIB
    assert server.ask("PATCH", address, chunk(offset), data[offset:]).status == 204
    assert server.stored(address).read_bytes() == data


def test_silence_ends_a_request(make_server: Make) -> None:
    server = make_server(RESUMABLE_IDLE=0.5)
    address = server.create(100)
    with server.wire() as wire:
        wire.head("PATCH", address, chunk(0), 100)
        wire.send(b"abc")
        assert wire.answer().status == 408
        assert wire.closed()
    assert server.offset(address) == 3


def test_a_trickle_ends_a_request(make_server: Make) -> None:
    server = make_server(RESUMABLE_MIN_RATE=1000, RESUMABLE_RATE_WINDOW=1.0)
    address = server.create(100)
    with server.wire() as wire:
        wire.head("PATCH", address, chunk(0), 100)
        for _ in range(8):
            wire.send(b"a")
            time.sleep(0.3)
        assert wire.answer().status == 408


def test_a_refused_body_is_read_so_that_the_client_sees_why(server: Server) -> None:
    address = server.create(100)
    with server.wire() as wire:
        assert wire.ask("PATCH", address, chunk(0), bytes(20 * MIB)).status == 413
        assert wire.ask("HEAD", address, TUS).status == 200  # and the connection still works


def test_a_refused_body_without_end_closes_the_connection(make_server: Make) -> None:
    server = make_server(RESUMABLE_DRAIN=2 * MIB)
    address = server.create(100)
    with server.wire() as wire:
        wire.head("PATCH", address, chunk(0), 1000 * MIB)
        wire.send(bytes(2 * MIB + 100_000))
        assert wire.answer().status == 413
        assert wire.closed()


def test_leftover_bytes_never_become_a_request(server: Server) -> None:
    with server.wire() as wire:
        smuggled = b"GET /pid HTTP/1.1\r\nHost: t\r\n\r\n"
        wire.head("PATCH", "/uploads/00000000-0000-0000-0000-000000000000", chunk(0), len(smuggled))
        wire.send(smuggled)
        assert wire.answer().status == 404
        assert wire.ask("GET", "/pid", {}).status == 200
        assert not wire.buffer
