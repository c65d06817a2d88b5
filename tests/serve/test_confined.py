"""The site does all its work behind the walls of its units, as far as the kernel makes them.

systemd isn't here; tests/confined.py builds the two of its walls that have stopped something once.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from tests import confined
from tests.files import images
from tests.files.previews import papers
from tests.files.wire import CONTENT_TYPE, multipart
from tests.serve.conftest import GUNICORN, PASSWORD, ROOT, Server, Visitor, environment
from tests.serve.conftest import start as start_server
from tests.serve.test_start_and_stop import within

from frontdesk.files.scrub import daily

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("server")]
UNITS = ROOT / "deploy/systemd"
missing = confined.is_missing()
walls = pytest.mark.skipif(bool(missing), reason=missing)


def behind(unit: str, *words: str) -> list[str]:
    return ["tests/confined.py", str(UNITS / unit), *words]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("confined")
    flask = ["-m", "flask", "--app", "site/frontdesk", "user", "create", "alice", "--admin"]
    made = start(folder, behind("frontdesk.service", *flask, "--password-stdin"))
    _, said = made.communicate(PASSWORD, timeout=60)
    assert not made.returncode, said
    server = start_server(folder, *behind("frontdesk.service", *GUNICORN))
    yield server
    server.crash()


def start(folder: Path, words: list[str]) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT, env=environment(folder), stdin=pipe, stdout=pipe, stderr=pipe, text=True,
    )  # fmt: skip


def lines(server: Server) -> list[dict[str, Any]]:
    return [json.loads(line) for line in server.said.splitlines() if line.startswith("{")]


def done(server: Server, kind: str) -> bool:
    return any((one["event"], one.get("kind")) == ("job", kind) for one in lines(server))


@walls
@pytest.mark.parametrize("unit", sorted(UNITS.glob("*.service")), ids=lambda unit: unit.stem)
def test_the_walls_are_there(unit: Path, tmp_path: Path) -> None:
    """Each refuses what nothing of ours does."""
    program = "import os; os.sched_setaffinity(0, os.sched_getaffinity(0))"
    words = behind(unit.name, "-c", program)
    failed = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)
    assert "PermissionError" in failed.stderr


@walls
def test_the_server_does_its_daily_work(server: Server) -> None:
    for kind in ("scrub", "purge", "backup"):
        assert within(30, lambda kind=kind: done(server, kind)), server.said
    assert [one for one in lines(server) if one["level"] == "error"] == []


@walls
def test_pictures_and_papers_are_shown(server: Server) -> None:
    alice = Visitor(server.port)
    alice.log_in()
    for name, content in (("a.jpg", images.photo()), ("a.pdf", papers.paper())):
        body = multipart({"csrf_token": alice.token()}, [(name, content)])
        sent = alice.ask("POST", "/upload", body, Content_Type=CONTENT_TYPE)
        assert sent.status == 303, sent.problems
        assert within(20, lambda name=name: pictures(alice, name)), f"{name}: {server.said}"
        for address in pictures(alice, name):
            assert alice.ask("GET", address).headers["Content-Type"] == "image/webp"
    assert [one for one in lines(server) if one["level"] == "error"] == []


def pictures(alice: Visitor, name: str) -> list[str]:
    """What the file's page shows of it."""
    found = alice.ask("GET", f"/path/{name}").html.select("img[src*='/preview/']")
    return [str(one["src"]) for one in found]


@walls
def test_what_timers_start_is_done(server: Server, tmp_path: Path) -> None:
    """All at once, as they may be."""
    running = {}
    for name in ("purge", "scrub", "backup"):
        unit = f"frontdesk-{name}.service"
        (line,) = re.findall(r"^ExecStart=\S+/flask (.*)$", (UNITS / unit).read_text(), re.M)
        to = line.replace("/var/backups/frontdesk", str(tmp_path)).split()
        words = behind(unit, "-m", "flask", "--app", "site/frontdesk", *to)
        running[name] = start(server.folder, words)
    for name, process in running.items():
        out, err = process.communicate(timeout=60)
        assert not process.returncode, f"{name}: {out}{err}"


@walls
def test_a_scrub_that_may_not_step_back_is_done_all_the_same(app: Flask) -> None:
    """Containers refuse that call, too."""
    found = list[bool]()

    def work() -> None:
        confined.refuse("setpriority")
        with app.app_context():
            found.append(daily.in_background(lambda: True))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [True]
