"""Who sends a file a byte at a time, where the front server hands on what comes, or there is none.

There is one process, with 32 places for files, and so many threads for all else.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

import pytest
from tests.files.tus import OCTETS
from tests.files.wire import multipart
from tests.fronts.front import Front, kinds
from tests.fronts.guest import Guest
from tests.fronts.test_slow import page
from tests.fronts.test_uploads import begin, content, offset, patch, post
from tests.serve.conftest import PATIENCE
from tests.serve.test_upload import answer_on

SIZE = 9_000_000
CAME = b"what came at first " * 1000
PLACES, FORMS = 32, 16
TOO_LONG = 60  # of our bytes, four a second


@pytest.fixture(scope="module", params=["gunicorn", "apache-gunicorn"])
def hurried(request: pytest.FixtureRequest, make_front: Callable[..., Front]) -> Iterator[Front]:
    """It measures MIN_UPLOAD_RATE over two seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WEB_CONCURRENCY", "1")  # until it has started: others come after it
        front = make_front(request.param, EXTENSIONS='["tests.fronts.hurried:hurried"]')
    yield front


@pytest.fixture(scope="module", params=["gunicorn", "apache-gunicorn"])
def patient(request: pytest.FixtureRequest, make_front: Callable[..., Front]) -> Iterator[Front]:
    """It measures over half a minute, as it does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WEB_CONCURRENCY", "1")
        front = make_front(request.param)
    yield front


@pytest.fixture
def member(hurried: Front) -> Guest:
    return hurried.member("alice")


def form(member: Guest, name: str, size: int = SIZE) -> bytes:
    """The beginning of a form with a file; the last 100 bytes of a small one are left out."""
    head = member.head(f"Content-Length: {size}", f"Referer: {member.home}/")
    body = multipart({}, [(name, CAME)])
    return head.replace(b"Host: x", f"Host: {member.host}".encode()) + body[:-100]


def piece(member: Guest, address: str) -> bytes:
    """The beginning of a piece of a resumable upload."""
    lines = [f"PATCH {address} HTTP/1.1", f"Host: {member.host}", f"Content-Type: {OCTETS}"]
    lines += ["Upload-Offset: 0", "Tus-Resumable: 1.0.0", f"Content-Length: {SIZE}", "", ""]
    return "\r\n".join(lines).encode() + CAME


def whole(member: Guest, name: str) -> bytes:
    """The beginning of a file that a program sends."""
    lines = [f"PUT /path/{name} HTTP/1.1", f"Host: {member.host}", f"Content-Length: {SIZE}"]
    lines += [f"Authorization: Bearer {member.make_token()}", "", ""]
    return "\r\n".join(lines).encode() + CAME


def plain(member: Guest) -> bytes:
    """The beginning of a form without files."""
    head = f"POST /login HTTP/1.1\r\nHost: {member.host}\r\nContent-Length: 400000\r\n"
    return f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\na=".encode()


@contextmanager
def crowd(front: Front, bodies: Sequence[bytes]) -> Iterator[list[socket.socket]]:
    """A line for each of these, on which no more is said."""
    with ExitStack() as stack:
        lines = [stack.enter_context(front.dial()) for _ in bodies]
        for line, said in zip(lines, bodies, strict=True):
            line.sendall(said)
        yield lines


def ended(front: Front, said: bytes) -> int:
    """How many such requests the site has ended."""
    path = said.split()[1].decode().partition("?")[0]
    return [one["status"] for one in front.requests(path, wait=False)].count(408)


def test_trickles_are_ended_by_the_site(hurried: Front, member: Guest) -> None:
    """Apache keeps the bytes of a trickle until they are some, and its visitor until MinRate."""
    address = begin(member, "trickle.bin", SIZE)
    ways = [form(member, "form.bin"), whole(member, "whole.bin"), piece(member, address)]
    count = 0
    with crowd(hurried, ways) as lines:
        while not all(ended(hurried, said) for said in ways) and count < TOO_LONG:
            count += 1
            for line in lines:
                with suppress(OSError):  # it may be closed by now
                    line.sendall(b"x")
            time.sleep(0.25)
    assert [ended(hurried, said) for said in ways] == [1, 1, 1]
    at = offset(member, address)
    assert len(CAME) <= at <= len(CAME) + count
    assert patch(member, address, at, bytes(SIZE - at)).status == 204
    assert content(member, "trickle.bin").startswith(CAME)


def test_places_are_given_back_while_their_lines_are_open(hurried: Front, member: Guest) -> None:
    with crowd(hurried, [form(member, f"{number}.bin") for number in range(PLACES)]):
        until = time.monotonic() + PATIENCE / 2
        while post(member, "after.bin", CAME).status != 303 and time.monotonic() < until:
            time.sleep(0.2)
        assert content(member, "after.bin") == CAME


def test_with_all_places_taken_pages_are_answered(patient: Front) -> None:
    """Forms with files and pieces of uploads share their places, so pages have threads left."""
    member = patient.member("alice")
    bodies = [form(member, f"{number}.bin") for number in range(PLACES)]
    bodies += [piece(member, begin(member, "a.bin", SIZE)) for _ in range(PLACES)]
    bodies += [plain(member)] * FORMS * 2
    with crowd(patient, bodies):
        assert page(patient) == 200
        assert post(member, "crowded.bin", CAME).status == 503
    assert page(patient) == 200


@kinds("nginx-uwsgi")
def test_a_pause_is_no_end(front: Front, alice: Guest) -> None:
    """uWSGI's own patience is four seconds; a phone that changes its cell needs more."""
    body = multipart({}, [("pause.bin", CAME)])
    with front.dial() as line:
        line.sendall(form(alice, "pause.bin", len(body)))
        time.sleep(5)
        line.sendall(body[-100:])
        assert answer_on(line).status == 303
    assert content(alice, "pause.bin") == CAME
