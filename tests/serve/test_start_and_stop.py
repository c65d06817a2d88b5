"""The production server: starts, says where it is, logs in JSON, and stops in time."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from tests.files.wire import CONTENT_TYPE, multipart
from tests.serve.conftest import PASSWORD, Server, Visitor

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("server")]
Serve = Callable[..., Server]
FLASK = ["-m", "flask", "--app", "site/frontdesk", "run", "--port", "{port}"]


def report(words: str) -> None:
    """A figure for who reads the run; it depends on the machine, so nothing asserts it."""
    print(f"\n{words}", file=sys.__stderr__)


def test_a_fresh_site_answers_soon(serve: Serve) -> None:
    server = serve(members=False)
    report(f"first start, database made: first answer after {server.seconds:.2f} s")
    assert f"Frontdesk is at http://127.0.0.1:{server.port}/" in server.said
    server.stop()
    report(f"second start: first answer after {serve(members=False).seconds:.2f} s")


def test_the_set_up_address_makes_the_first_account(serve: Serve) -> None:
    server = serve(members=False)
    found = re.search(r"Create the first account at (http://\S+/setup/(\S{20,}))", server.said)
    assert found, server.said
    visitor, path = Visitor(server.port), urlsplit(found[1]).path
    made = visitor.submit(path, "setup", username="ada", password=PASSWORD)
    assert made.status == 303
    visitor.log_in("ada")
    assert visitor.ask("GET", "/hello/").title == "Hello, ada!"
    assert visitor.ask("GET", path).status == 410
    assert found[2] not in server.said.replace(found[0], ""), "the log keeps the secret"


def test_a_site_with_accounts_prints_no_set_up_address(serve: Serve) -> None:
    assert "/setup/" not in serve().said


@pytest.mark.parametrize("command", [[], FLASK], ids=["gunicorn", "flask run"])
def test_both_servers_serve(serve: Serve, command: list[str]) -> None:
    server = serve(*command)
    visitor = Visitor(server.port)
    visitor.log_in()
    body = multipart({"csrf_token": visitor.token()}, [("a.txt", b"content")])
    assert visitor.ask("POST", "/upload", body, Content_Type=CONTENT_TYPE).status == 303
    assert visitor.ask("GET", "/path/a.txt?download=1").body == b"content"


def test_log_lines_are_json_and_carry_the_request(serve: Serve) -> None:
    server = serve()
    answer = Visitor(server.port).ask("GET", "/nothing-here")
    server.stop()
    lines = [json.loads(line) for line in server.said.splitlines() if line.startswith("{")]
    others = [line for line in server.said.splitlines() if not line.startswith("{")]
    assert all(line.startswith(("Frontdesk is at", "Create the first")) for line in others), others
    (line,) = [one for one in lines if one.get("path") == "/nothing-here"]
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert (line["status"], line["method"]) == (404, "GET")
    assert line["ms"] >= 0


def test_it_stops_within_five_seconds(serve: Serve) -> None:
    assert serve().stop() <= 5


def test_it_stops_within_five_seconds_while_a_file_comes_in(serve: Serve) -> None:
    server = serve()
    visitor = Visitor(server.port)
    visitor.log_in()
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(visitor.head("Content-Length: 9000000") + half_a_file())
        assert within(10, lambda: server.staging)
        seconds = server.stop()
    report(f"stopped with an upload under way after {seconds:.1f} s")
    assert seconds <= 5


def test_what_was_killed_in_the_middle_leaves_nothing_behind(serve: Serve) -> None:
    server = serve()
    visitor = Visitor(server.port)
    visitor.log_in()
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(visitor.head("Content-Length: 9000000") + half_a_file())
        assert within(10, lambda: server.staging)
        workers = server.workers
        server.stop(signal.SIGKILL)
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
    time.sleep(11)  # what is younger is nobody's business yet
    server = serve()
    visitor.port = server.port
    body = multipart({"csrf_token": visitor.token()}, [("b.txt", b"content")])
    assert visitor.ask("POST", "/upload", body, Content_Type=CONTENT_TYPE).status == 303
    assert (len(server.staging), len(server.blobs)) == (0, 1)


def half_a_file() -> bytes:
    return multipart({}, [("a.bin", bytes(3_000_000))])[:-100]


def within(seconds: float, is_true: Callable[[], object]) -> bool:
    """Wait until something is true."""
    until = time.monotonic() + seconds
    while not is_true() and time.monotonic() < until:
        time.sleep(0.05)
    return bool(is_true())
