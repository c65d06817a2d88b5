"""Servers that are killed, reloaded and stopped while people are at it."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.files.tus import OCTETS
from tests.files.wire import multipart
from tests.fronts.front import KINDS, Front
from tests.fronts.furnished import BIG, BIG_SIZE
from tests.fronts.guest import Guest
from tests.fronts.load import load
from tests.fronts.starting import hold, serve, start_again
from tests.fronts.test_uploads import MB, begin, content, offset, patch
from tests.serve.conftest import PATIENCE
from tests.serve.test_upload import answer_on

DATA = random.Random(7).randbytes(9 * MB)


@pytest.fixture(scope="module", params=KINDS)
def own(request: pytest.FixtureRequest, make_front: Callable[..., Front]) -> Front:
    """One that may be mistreated."""
    return make_front(request.param)


@pytest.fixture
def member(own: Front) -> Guest:
    return own.member("alice")


def begun(own: Front, member: Guest, address: str) -> socket.socket:
    """A line on which a piece of an upload is under way."""
    lines = [f"PATCH {address} HTTP/1.1", f"Host: {member.host}", f"Content-Type: {OCTETS}"]
    lines += ["Upload-Offset: 0", "Tus-Resumable: 1.0.0", f"Content-Length: {len(DATA)}"]
    line = own.dial()
    line.sendall("\r\n".join([*lines, "", ""]).encode() + DATA[: 4 * MB])
    return line


def wait_for(is_true: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not is_true() and time.monotonic() < until:
        time.sleep(0.02)
    assert is_true()


def resume(member: Guest, address: str) -> None:
    until = time.monotonic() + PATIENCE
    while (at := offset(member, address)) < len(DATA) and time.monotonic() < until:
        patch(member, address, at, DATA[at:])


def test_a_killed_worker_comes_back_and_an_upload_goes_on(own: Front, member: Guest) -> None:
    address = begin(member, "killed.bin", len(DATA))
    before = own.site.workers
    with begun(own, member, address), load(own) as found:
        os.kill(before[0], signal.SIGKILL)
        wait_for(lambda: before[0] not in own.site.workers and set(own.site.workers) - set(before))
        found.wait()
        found.refused.clear()  # what that worker had in its hands is gone, with a 502
        found.lost.clear()  # or a cut line
        found.wait()
    assert found.missed == []
    for pid in own.site.workers:
        os.kill(pid, signal.SIGKILL)
    wait_for(own.answers)
    resume(member, address)
    assert content(member, "killed.bin") == DATA


def test_a_reload_of_the_site_loses_no_request(own: Front, member: Guest) -> None:
    before = own.site.workers
    with load(own) as found:
        own.site.process.send_signal(signal.SIGHUP)
        wait_for(lambda: own.site.workers and not set(before) & set(own.site.workers))
        found.wait()
    assert found.missed == []


def test_a_reload_of_the_front_server_loses_no_request(own: Front) -> None:
    if own.door is None:
        pytest.skip("gunicorn alone has no front server")
    how = signal.SIGHUP if "nginx" in own.kind else signal.SIGUSR1
    asked = f"GET /ak HTTP/1.1\r\nHost: {own.guest().host}\r\nConnection: close\r\n\r\n".encode()
    with own.dial() as silent, own.dial() as begun, load(own) as found:
        begun.sendall(asked[:9])
        before = children(own.door)
        own.door.send_signal(how)  # as `nginx -s reload` and `apachectl graceful` do
        wait_for(lambda: set(children(own.door)) - set(before))
        found.wait()
        for line, rest in ((silent, asked), (begun, asked[9:])):
            line.sendall(rest)
            assert answer_on(line).status == 200
        wait_for(lambda: not set(before) & set(children(own.door)))
    assert found.missed == []


def children(process: subprocess.Popen[bytes] | None) -> list[int]:
    assert process
    said = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(one) for one in said.split()]


def begun_form(own: Front, member: Guest, name: str) -> tuple[socket.socket, bytes]:
    """A line on which the site has most of a form, and the rest of it."""
    body = multipart({}, [(name, DATA)])
    head = member.head(f"Content-Length: {len(body)}", f"Referer: {member.home}/")
    line = own.dial()
    line.sendall(head.replace(b"Host: x", f"Host: {member.host}".encode()) + body[:-100])
    wait_for(lambda: own.site.staging)
    return line, body[-100:]


def test_a_stop_of_the_site_lets_requests_end(own: Front, member: Guest) -> None:
    """As `systemctl stop` does: TERM to the main process. Later ones are told at once."""
    address = begin(member, "stopped.bin", len(DATA))
    line, rest = begun_form(own, member, "ended.bin")
    with line, begun(own, member, address), load(own) as found:
        own.site.process.send_signal(signal.SIGTERM)
        # uWSGI says so; whoever comes then waits for its end, and is told.
        wait_for(lambda: found.refused or "graceful shutdown" in own.said)
        line.sendall(rest)
        assert answer_on(line).status == 303
        assert own.site.process.wait(PATIENCE) == 0
        found.refused.clear()
        wait_for(lambda: found.refused)
    # At a port without TLS one may come in at the very moment, and send before it is told.
    assert len(found.lost) <= own.is_alone, found.lost
    start_again(own)
    member.port = own.port
    assert content(member, "ended.bin") == DATA
    resume(member, address)
    assert content(member, "stopped.bin") == DATA


@pytest.mark.parametrize("own", ["nginx-gunicorn"], indirect=True, scope="module")
def test_a_restart_with_systemds_socket_loses_no_request(own: Front) -> None:
    """It is held open meanwhile, so whoever comes waits."""
    own.site.stop()
    with hold(own.folder) as held:
        own.site = serve(own.kind, own.folder, held)
        with load(own) as found:
            own.site.stop()
            own.site = serve(own.kind, own.folder, held)
            found.wait()
    assert found.missed == []


def test_a_stop_of_the_front_server_lets_requests_end(own: Front, member: Guest) -> None:
    if own.door is None:
        pytest.skip("gunicorn alone has no front server")
    how = signal.SIGQUIT if "nginx" in own.kind else signal.SIGWINCH
    line, rest = begun_form(own, member, "through.bin")
    asked = f"GET /path/{BIG}?download=1 HTTP/1.1\r\nHost: {member.host}\r\n"
    with line, own.dial() as download, load(own) as found:
        download.sendall(f"{asked}Cookie: {member.cookie['Cookie']}\r\n\r\n".encode())
        assert download.recv(8) == b"HTTP/1.1"
        own.door.send_signal(how)  # as `nginx -s quit` and `apachectl graceful-stop` do
        wait_for(lambda: found.refused)
        line.sendall(rest)
        assert answer_on(line).status == 303
        assert read_all(download) > BIG_SIZE
        assert own.door.wait(PATIENCE) == 0
    assert found.lost == []
    start_again(own)
    assert content(member, "through.bin") == DATA


def read_all(line: socket.socket) -> int:
    """How many bytes came before it was closed."""
    count = 0
    while block := line.recv(MB):
        count += len(block)
    return count
