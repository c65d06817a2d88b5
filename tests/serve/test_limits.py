"""Limits while many send at once: the quota's edge, two writers, slow ones, a full disk."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from tests.files.tus import OCTETS, TUS, metadata
from tests.files.wire import CONTENT_TYPE, multipart
from tests.serve.answer import Answer
from tests.serve.conftest import Server, Visitor, add_member, start
from tests.serve.ledger import Ledger
from tests.serve.test_upload import answer_on

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("server")]
MB = 1_000_000
MANY = 32


def logged_in(server: Server) -> Visitor:
    visitor = Visitor(server.port)
    visitor.log_in()
    return visitor


def post(visitor: Visitor, name: str, data: bytes) -> Answer:
    body = multipart({"csrf_token": visitor.token()}, [(name, data)])
    return visitor.ask("POST", "/upload", body, Content_Type=CONTENT_TYPE)


def begin(visitor: Visitor, name: str, length: int) -> Answer:
    headers = {**TUS, "Upload-Length": str(length), "Upload-Metadata": metadata(filename=name)}
    return visitor.ask("POST", "/uploads/", X_CSRFToken=visitor.token(), **headers)


def patch(visitor: Visitor, address: str, at: int, data: bytes) -> Answer:
    headers = {**TUS, "Upload-Offset": str(at), "Content-Type": OCTETS}
    return visitor.ask("PATCH", address, data, **headers)


def offset(visitor: Visitor, address: str) -> int:
    return int(visitor.ask("HEAD", address, **TUS).headers["Upload-Offset"])


def test_forms_and_pieces_at_the_quotas_edge(serve: Callable[..., Server], tmp_path: Path) -> None:
    server = serve(QUOTA=8 * MB + 1)
    alice = logged_in(server)

    def send(number: int) -> int:
        device = Visitor(server.port, dict(alice.cookies))
        data = random.Random(number).randbytes(MB)
        if number % 2:
            return post(device, f"{number}.bin", data).status
        made = begin(device, f"{number}.bin", MB)
        if made.status != 201:
            return made.status
        return patch(device, made.headers["Location"], 0, data).status

    with ThreadPoolExecutor(MANY) as threads:
        answers = Counter(threads.map(send, range(MANY)))
    assert answers[303] + answers[204] == 8, answers
    assert answers[413] == MANY - 8
    ledger = Ledger(tmp_path)
    ledger.check()
    assert ledger.number("select used + reserved from members") == 8 * MB


def test_forms_that_come_in_together_stay_within_the_quota(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither is a file yet, so neither is counted as one; and together they are too much."""
    monkeypatch.setenv("WEB_CONCURRENCY", "1")  # each process knows its own
    server = serve(QUOTA=60 * MB)
    alice = logged_in(server)
    body = multipart({}, [("first.bin", bytes(40 * MB))])
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as line:
        line.sendall(alice.head(f"Content-Length: {len(body)}") + body[: 38 * MB])
        until = time.monotonic() + 10
        while time.monotonic() < until and not any(
            path.stat().st_size > 30 * MB for path in server.staging
        ):
            time.sleep(0.05)
        second = post(Visitor(server.port, dict(alice.cookies)), "second.bin", bytes(40 * MB))
        assert second.status == 413
        said = "No space is left for “second.bin”. Empty your bin or ask the admin."
        assert second.problems == [said]
        line.sendall(body[38 * MB :])
        assert answer_on(line).status == 303
    assert post(alice, "third.bin", b"x" * 19 * MB).status == 303


def test_two_writers_on_one_upload(serve: Callable[..., Server]) -> None:
    """Two tabs go on with the same upload: they take turns, and the file is what was sent."""
    server = serve()
    alice = logged_in(server)
    data = random.Random(5).randbytes(24 * MB)
    address = begin(alice, "both.bin", len(data)).headers["Location"]
    refused: list[int] = []

    def write(step: int) -> None:
        device, at = Visitor(server.port), 0
        while at < len(data):
            try:
                answer = patch(device, address, at, data[at : at + step])
            except OSError:  # the other one took over, and this connection was closed
                refused.append(0)
            else:
                if answer.status != 204:
                    assert answer.status in {409, 413, 423}, answer
                    refused.append(answer.status)
            at = offset(device, address)

    threads = [threading.Thread(target=write, args=[step]) for step in (700_000, 1_100_000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert alice.ask("GET", "/path/both.bin?download=1").body == data
    assert refused, "they never met"


def test_pages_are_answered_beside_sixty_four_slow_uploads(serve: Callable[..., Server]) -> None:
    """20 KiB/s each; bench/slow.py measures at what rate."""
    server = serve()
    alice = logged_in(server)
    head = alice.head("Content-Length: 50000000")
    begun = head + multipart({}, [("slow.bin", b"x")]).partition(b"\r\n\r\nx")[0] + b"\r\n\r\n"
    lines = [socket.create_connection(("127.0.0.1", server.port), 5) for _ in range(64)]
    try:
        for line in lines:
            line.sendall(begun)
        for _ in range(20):
            began = time.monotonic()
            for line in lines:
                with_what_is_slow(line)
            assert alice.ask("GET", "/hello/").status == 200
            assert time.monotonic() - began < 5
    finally:
        for line in lines:
            line.close()


def with_what_is_slow(line: socket.socket) -> None:
    with suppress(OSError):  # one too many for its process: it was told to come back
        line.sendall(bytes(2048))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 96 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", str(place)]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("a small disk is made by `mount`, which is not here")
    if done.returncode:
        pytest.skip(f"a small disk can't be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_refuses_uploads_and_nothing_else(small_disk: Path) -> None:
    add_member(small_disk)
    server = start(small_disk, MIN_FREE_SPACE=1_000_000_000, QUOTA=10**12)
    try:
        alice, data = logged_in(server), random.Random(6).randbytes(40 * MB)
        assert post(alice, "early.bin", data[: 10 * MB]).status == 303
        address = begin(alice, "late.bin", len(data)).headers["Location"]
        assert patch(alice, address, 0, data[: 8 * MB]).status == 204
        ballast = small_disk / "ballast"
        free = os.statvfs(small_disk)
        ballast.write_bytes(bytes(free.f_bavail * free.f_frsize - 25 * MB))

        # 25 MB are left, of which 24 are a quarter of the disk and stay free.
        refused = patch(alice, address, 8 * MB, data[8 * MB :])
        assert refused.status == 507, refused
        assert b"There is no space left for this file." in refused.body
        form = post(alice, "more.bin", data[: 5 * MB])
        assert form.status == 507
        said = "The disk is full, so “more.bin” was not saved. Ask the administrator."
        assert form.problems == [said]
        assert begin(alice, "other.bin", 5 * MB).status == 507
        assert alice.ask("GET", "/health").status == 503, "so that the owner is told"
        logged_in(server)
        assert alice.ask("GET", "/path/early.bin?download=1").body == data[: 10 * MB]

        with ballast.open("ab") as others:
            free = os.statvfs(small_disk)
            others.write(bytes(free.f_bavail * free.f_frsize - 300_000))
        assert alice.ask("GET", "/path/").status == 200
        assert alice.ask("GET", "/path/early.bin?download=1").body == data[: 10 * MB]

        ballast.unlink()
        at = offset(alice, address)
        assert at >= 8 * MB
        assert patch(alice, address, at, data[at:]).status == 204
        assert alice.ask("GET", "/path/late.bin?download=1").body == data
        assert post(alice, "more.bin", data[: 5 * MB]).status == 303
        Ledger(small_disk).check()
    finally:
        server.crash()
