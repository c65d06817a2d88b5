"""A thousand people who send next to nothing, and one who wants a page."""

from __future__ import annotations

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from tests.files.tus import OCTETS
from tests.files.wire import multipart
from tests.fronts.front import Front, kinds
from tests.fronts.guest import Guest, dial
from tests.fronts.test_uploads import content, post

BOUND = 10.0  # seconds for a page, on any machine; without our defences it is never
MANY, SOME = 1_000, 200


@contextmanager
def crowd(front: Front, size: int, said: bytes) -> Iterator[list[socket.socket]]:
    """So many lines on which that was said, and no more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, size + 500)), hard))
    with ExitStack() as stack:
        lines = [stack.enter_context(front.dial()) for _ in range(min(size, SOME))]
        # The rest at the port without TLS, where there is one: a handshake takes a while here.
        plain = front.http or front.port
        lines += [stack.enter_context(dial(plain)) for _ in range(size - len(lines))]
        for line in lines:
            line.sendall(said)
        yield lines
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def page(front: Front) -> int:
    """The status of a page for somebody new, who waits for BOUND."""
    with front.dial() as line:
        line.settimeout(BOUND)
        head = f"GET /login HTTP/1.1\r\nHost: {front.guest().host}\r\nConnection: close\r\n\r\n"
        line.sendall(head.encode())
        return int(line.recv(100).split()[1])


def test_slow_heads_leave_room_for_pages(front: Front) -> None:
    with crowd(front, MANY, b"GET /login HTTP/1.1\r\nX-Slow: "):
        assert page(front) == 200
    assert page(front) == 200


def test_silent_lines_leave_room_for_pages(front: Front) -> None:
    with crowd(front, SOME, b""):
        assert page(front) == 200


def test_slow_forms_leave_room_for_pages(front: Front) -> None:
    form = "POST /login HTTP/1.1\r\nHost: {host}\r\nContent-Length: 400000\r\n"
    form += "Content-Type: application/x-www-form-urlencoded\r\n\r\na="
    with crowd(front, SOME, form.format(host=front.guest().host).encode()):
        assert page(front) == 200
    assert page(front) == 200


def test_slow_uploads_leave_room_for_pages(front: Front, alice: Guest) -> None:
    """More than there are places for: the others are told so, and all are free afterwards."""
    head = alice.head("Content-Length: 9000000").replace(b"Host: x", f"Host: {alice.host}".encode())
    head = head.replace(b"\r\n\r\n", f"\r\nReferer: {alice.home}/\r\n\r\n".encode())
    with crowd(front, SOME, head + multipart({}, [("slow.bin", bytes(2000))])[:1500]) as lines:
        assert page(front) == 200
        for line in lines[:64]:
            line.sendall(b"x")
        assert page(front) == 200
    assert page(front) == 200
    assert post(alice, "after.txt", b"after the slow").status == 303
    assert content(alice, "after.txt") == b"after the slow"


@kinds("gunicorn")
def test_bodies_that_nobody_reads_are_not_waited_for(front: Front) -> None:
    """gunicorn's own worker waits five seconds for the rest of each, in one of its threads."""
    said = f"GET /ak HTTP/1.1\r\nHost: {front.guest().host}\r\nContent-Length: 100000\r\n\r\n"
    with crowd(front, MANY, said.encode()) as lines:
        assert page(front) == 200
        assert lines[-1].recv(100).startswith(b"HTTP/1.1 200")


@kinds("gunicorn")
def test_pieces_of_no_upload_leave_room_for_pages(front: Front) -> None:
    """Anybody is told 404; what they still have to send is waited for, but not by all threads."""
    said = "PATCH /uploads/00000000-0000-4000-8000-000000000000 HTTP/1.1\r\n"
    said += f"Host: {front.guest().host}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
    said += f"Content-Type: {OCTETS}\r\nContent-Length: 100000\r\n\r\nab"
    with crowd(front, MANY, said.encode()) as lines:
        assert page(front) == 200
        assert lines[-1].recv(100).startswith(b"HTTP/1.1 404")


@kinds("gunicorn")
def test_who_stays_after_a_no_holds_up_nobody(front: Front) -> None:
    """gunicorn's own worker waits two seconds for each, in the loop that accepts the others."""
    with crowd(front, 60, b"get / HTTP/1.1\r\n\r\n") as lines:
        assert all(line.recv(100).startswith(b"HTTP/1.1 400") for line in lines)
        assert page(front) == 200


@kinds("gunicorn")
def test_a_head_that_never_ends_is_closed(front: Front) -> None:
    with front.dial() as line:
        line.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        assert line.recv(1) == b""
    with front.dial() as line:
        line.sendall(b"GET / HTTP/1.1\r\n")
        with pytest.raises(OSError, match=r"Broken pipe|reset"):
            for _ in range(10_000):
                line.sendall(b"X-Long: " + b"x" * 1000 + b"\r\n")
