"""The real server with two workers: numbers are exact, and a job's lines know who asked for it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from tests.files.images import drawn
from tests.files.wire import CONTENT_TYPE, multipart
from tests.serve.conftest import Server, Visitor, add_member, start
from tests.watching.numbers import Numbers

pytestmark = pytest.mark.server
EACH = 40


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("watched")
    add_member(folder)
    server = start(folder, MAX_FILE_SIZE=1_000_000, METRICS_TOKEN="a-token-for-the-monitor")
    yield server
    server.stop()


def numbers(server: Server) -> Numbers:
    return Numbers(Visitor(server.port).ask("GET", "/metrics").body.decode())


def ask(server: Server, method: str, url: str, body: bytes = b"", **headers: str) -> Any:
    """Ask over a connection of its own; what came back is read."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as line:
        line.request(method, url, body, sent)
        answer = line.getresponse()
        return answer.status, answer.headers, answer.read()


def lines(server: Server, event: str) -> list[dict[str, Any]]:
    said = [json.loads(line) for line in server.said.splitlines() if line.startswith("{")]
    return [line for line in said if line["event"] == event]


def test_numbers_are_exact_over_two_workers_and_outlive_one(server: Server) -> None:
    before = numbers(server)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(server, "GET", "/login"), range(EACH)))
    assert {status for status, _, _ in answers} == {200}
    found = numbers(server)
    by = {"endpoint": "accounts.login", "method": "GET", "status": "2xx"}
    assert found("requests_total", **by) - before("requests_total", **by) == EACH
    length = sum(len(body) for _, _, body in answers)
    by = {"endpoint": "accounts.login"}
    assert found("response_bytes_total", **by) - before("response_bytes_total", **by) == length
    count = "request_seconds_count"
    assert found(count, **by) - before(count, **by) == EACH
    assert len(list((server.folder / "instance/counts").glob("*.counts"))) >= 2, "both counted"
    worker = server.workers[0]
    os.kill(worker, signal.SIGKILL)
    until = time.monotonic() + 20
    while worker in server.workers or len(server.workers) < 2:
        assert time.monotonic() < until, f"{worker} of {server.workers}: {server.said[-3000:]}"
        time.sleep(0.05)
    assert numbers(server)(count, **by) == found(count, **by)


def test_uploads_are_counted_by_their_way(server: Server) -> None:
    alice = Visitor(server.port)
    alice.log_in()
    token, before = alice.make_token(), numbers(server)
    with_token = {"Authorization": f"Bearer {token}"}

    body = multipart({"csrf_token": alice.token()}, [("a.txt", b"a" * 10), ("b.txt", b"b" * 20)])
    assert alice.ask("POST", "/upload", body, Content_Type=CONTENT_TYPE).status == 303
    large = b"l" * 1_000_001
    assert ask(server, "PUT", "/path/c.txt", b"c" * 300, **with_token)[0] == 201
    assert ask(server, "PUT", "/path/d.txt", large, **with_token)[0] == 413
    tus = {"Tus_Resumable": "1.0.0", **with_token}
    status, headers, _ = ask(server, "POST", "/uploads/", Upload_Length="5000", **tus)
    assert status == 201
    status, _, _ = ask(server, "POST", "/uploads/", Upload_Length="1000001", **tus)
    assert status == 413
    found = numbers(server)
    assert found("open_uploads") == 1 and found("reserved_bytes") >= 0
    sent = {"Content_Type": "application/offset+octet-stream", "Upload_Offset": "0"}
    place = headers["Location"]
    assert ask(server, "PATCH", place, b"t" * 5000, **tus, **sent)[0] in {200, 204}

    found = numbers(server)
    counted = {
        (way, result): found("uploads_total", way=way, result=result)
        - before("uploads_total", way=way, result=result)
        for way in ("form", "PUT", "tus")
        for result in ("begun", "finished", "refused", "failed")
    }
    assert {what: count for what, count in counted.items() if count} == {
        ("form", "begun"): 2,
        ("form", "finished"): 2,
        ("PUT", "begun"): 2,
        ("PUT", "finished"): 1,
        ("PUT", "refused"): 1,
        ("tus", "begun"): 1,
        ("tus", "finished"): 1,
        ("tus", "refused"): 1,
    }
    for way, size in {"form": 30, "PUT": 300, "tus": 5000}.items():
        name = "upload_bytes_total"
        assert found(name, way=way) - before(name, way=way) == size, way
    assert found("open_uploads") == 0


def test_the_lines_of_a_job_name_the_request_that_asked_for_it(server: Server) -> None:
    alice = Visitor(server.port)
    alice.log_in()
    body = multipart({"csrf_token": alice.token()}, [("p.png", drawn())])
    answer = alice.ask("POST", "/upload", body, Content_Type=CONTENT_TYPE)
    asked = answer.headers["X-Request-ID"]
    until = time.monotonic() + 20
    while not [line for line in lines(server, "job") if line["request_id"] == asked]:
        assert time.monotonic() < until, lines(server, "job")
        time.sleep(0.05)
    (line,) = [line for line in lines(server, "request") if line["request_id"] == asked]
    assert (line["method"], line["path"], line["status"]) == ("POST", "/upload", 303)
    assert line["bytes"] == len(answer.body)
    until = time.monotonic() + 20
    while not numbers(server)("job_runs_total", kind="thumbnail", result="done"):
        assert time.monotonic() < until
        time.sleep(0.05)
