"""Bytes from a body to a file, on their own: no app, no store."""

import hashlib
import io
import os
import threading
from pathlib import Path

import pytest

from flask_resumable.receiving import Gone, Intake, TooMuch, digest, open_body, sha256
from flask_resumable.receiving.stream import Body

MIB = 1 << 20


def body_of(data: bytes, length: int | None = None) -> Body:
    """As any WSGI server would hand it over."""
    length = len(data) if length is None else length
    return open_body({"wsgi.input": io.BytesIO(data), "CONTENT_LENGTH": str(length)})


@pytest.fixture
def fd(tmp_path: Path) -> int:
    return os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)


def content(fd: int) -> bytes:
    return os.pread(fd, os.fstat(fd).st_size, 0)


@pytest.mark.parametrize("size", [0, 1, MIB, 5 * MIB + 3])
def test_all_bytes_arrive_and_are_hashed(fd: int, size: int) -> None:
    data, hasher = os.urandom(size), sha256()
    received = Intake(fd, 0, size, [hasher]).receive(body_of(data))
    assert (received.offset, received.stopped) == (size, None)
    assert content(fd) == data
    assert hasher.hexdigest() == hashlib.sha256(data).hexdigest()


def test_marks_see_the_hash_at_their_offset(fd: int) -> None:
    data, hasher, marks = os.urandom(6 * MIB), sha256(), []

    def mark(offset: int):  # type: ignore[no-untyped-def]
        state = hasher.state()
        return lambda: marks.append((offset, sha256(state).hexdigest()))

    Intake(fd, 0, None, [hasher], mark, every=2 * MIB).receive(body_of(data))
    assert marks, "no mark was made durable"
    assert marks[-1][0] == 6 * MIB
    assert all(hashlib.sha256(data[:at]).hexdigest() == value for at, value in marks)


def test_a_body_that_ends_early_keeps_what_came(fd: int) -> None:
    received = Intake(fd, 0, 10).receive(body_of(b"abc", 10))
    assert received.offset == 3
    assert isinstance(received.stopped, Gone)
    assert content(fd) == b"abc"


def test_more_than_may_come_is_refused(fd: int) -> None:
    with pytest.raises(TooMuch):
        Intake(fd, 0, 5).receive(body_of(b"123456"))


def test_a_failed_flush_is_told_and_not_repeated(fd: int) -> None:
    tries = []

    def mark(offset: int):  # type: ignore[no-untyped-def]
        def fail() -> None:
            tries.append(offset)
            raise OSError("broken disk")

        return fail

    with pytest.raises(OSError, match="broken disk"):
        Intake(fd, 0, None, [sha256()], mark, every=MIB).receive(body_of(bytes(40 * MIB)))
    assert len(tries) == 1


def test_no_thread_is_left_behind(fd: int) -> None:
    before = threading.active_count()
    Intake(fd, 0, None, [sha256()]).receive(body_of(bytes(3 * MIB)))
    assert threading.active_count() == before


def test_small_bodies_need_no_thread(fd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading.Thread, "start", lambda self: pytest.fail("a thread"))
    Intake(fd, 0, None, [sha256()]).receive(body_of(bytes(1000)))


def test_a_hash_goes_on_in_another_process() -> None:
    first = sha256()
    first.update(memoryview(bytearray(b"a" * 1000)))
    if not first.state():
        pytest.skip("no OpenSSL library whose SHA-256 state can be kept on this machine")
    second = sha256(first.state())
    second.update(memoryview(bytearray(b"b" * 77)))
    assert second.hexdigest() == hashlib.sha256(b"a" * 1000 + b"b" * 77).hexdigest()
    assert second.hexdigest() == second.hexdigest()


def test_a_state_of_another_machine_is_refused() -> None:
    with pytest.raises(ValueError):
        sha256(b"openssl:pdp11:" + bytes(112))
    with pytest.raises(ValueError):
        digest.PlainSha256(b"anything")


def test_plain_streams_stop_at_the_declared_length() -> None:
    body = body_of(b"hello, next request", 5)
    assert body.read() == b"hello"


def test_a_body_reads_lines_for_parsers() -> None:
    assert list(body_of(b"one\ntwo\n")) == [b"one\n", b"two\n"]


def test_no_length_and_no_end_is_no_body() -> None:
    assert open_body({"wsgi.input": io.BytesIO(b"leftover")}).read() == b""
