"""Jobs of the real server: done beside the requests, and after whatever has happened."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.files import images
from tests.files.wire import CONTENT_TYPE, multipart
from tests.serve.conftest import ROOT, Server, Visitor, command, environment
from tests.serve.test_start_and_stop import report, within

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("server")]
Serve = Callable[..., Server]
SLOW = json.dumps(["tests.serve.slow_job:slow"])
PATIENCE = 40


def lines(server: Server, name: str) -> list[str]:
    """What the slow job wrote."""
    path = server.folder / "instance" / name
    return path.read_text().split() if path.exists() else []


def ask(server: Server, name: str) -> str:
    return Visitor(server.port).ask("GET", f"/slow/{name}").body.decode()


def end_site(server: Server) -> None:
    server.crash()


def end_workers(server: Server) -> None:
    """As the kernel does when memory runs out: the main process makes new ones."""
    for pid in server.workers:
        os.kill(pid, signal.SIGKILL)


def stop(server: Server) -> None:
    report(f"stopped with a job under way after {server.stop():.1f} s")


def test_a_job_is_done_beside_the_requests(serve: Serve) -> None:
    server = serve(EXTENSIONS=SLOW)
    assert ask(server, "a") in {"waiting", "running", "done"}
    assert within(PATIENCE, lambda: lines(server, "done") == ["a"])
    assert ask(server, "a") == "done"


@pytest.mark.parametrize("end", [end_site, end_workers, stop])
def test_a_job_that_was_cut_off_is_done_all_the_same(
    serve: Serve, tmp_path: Path, end: Callable[[Server], None]
) -> None:
    server = serve(EXTENSIONS=SLOW)
    (wait := tmp_path / "instance" / "wait").touch()
    ask(server, "a")
    assert within(PATIENCE, lambda: lines(server, "begun") == ["a"])
    end(server)
    wait.unlink()
    if end is not end_workers:
        server = serve(EXTENSIONS=SLOW)
    assert within(PATIENCE, lambda: lines(server, "done") == ["a"])
    assert lines(server, "begun") == ["a", "a"]


def test_the_worker_command_does_what_the_server_leaves(serve: Serve, tmp_path: Path) -> None:
    server = serve(EXTENSIONS=SLOW, JOBS="worker")
    assert ask(server, "a") == "waiting"
    assert not within(3, lambda: lines(server, "begun"))
    worker = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "site/frontdesk", "worker"],
        cwd=ROOT, env=environment(tmp_path, EXTENSIONS=SLOW, JOBS="worker"),
        stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert within(PATIENCE, lambda: lines(server, "done") == ["a"])
        assert ask(server, "b") in {"waiting", "running", "done"}
        assert within(PATIENCE, lambda: lines(server, "done") == ["a", "b"])
    finally:
        worker.send_signal(signal.SIGTERM)
        said, _ = worker.communicate(timeout=PATIENCE)
    first, *others = said.decode().splitlines()
    assert (worker.returncode, first) == (0, "Waiting for jobs. Press Ctrl+C to stop.")
    assert {json.loads(line)["event"] for line in others} == {"job"}


def test_a_thumbnail_is_there_when_it_is_looked_at(serve: Serve) -> None:
    server = serve()
    visitor = Visitor(server.port)
    visitor.log_in()
    body = multipart({"csrf_token": visitor.token()}, [("a.png", images.drawn())])
    headers = {"Content_Type": CONTENT_TYPE, "Accept": "application/json"}
    (made,) = json.loads(visitor.ask("POST", "/upload", body, **headers).body)
    address = f"/file/{made['id']}/thumbnail/1.0"
    assert within(PATIENCE, lambda: visitor.ask("GET", address).status == 200)


def test_scrub_finds_nothing_wrong_while_files_come_and_go(serve: Serve, tmp_path: Path) -> None:
    server, over = serve(), threading.Event()

    def come_and_go(number: int) -> None:
        visitor = Visitor(server.port)
        visitor.log_in()
        while not over.is_set():
            files = [(f"{number}.bin", os.urandom(200_000))]
            body = multipart({"csrf_token": visitor.token()}, files)
            headers = {"Content_Type": CONTENT_TYPE, "Accept": "application/json"}
            answer = visitor.ask("POST", "/upload", body, **headers)
            id = json.loads(answer.body)[0]["id"]
            visitor.submit(f"/file/{id}/change/delete", "delete")
            visitor.submit(f"/file/{id}/change/remove", "remove")

    threads = [threading.Thread(target=come_and_go, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        said = [json.loads(command(tmp_path, "scrub", "--json")) for _ in range(4)]
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert [one["findings"] for one in said] == [[]] * 4
