"""Backup and restore, killed or out of room: nothing half is left that looks whole."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests import postgresql
from tests.serve.conftest import ROOT, add_member, command, environment

from frontdesk.backup.place import DRAFT

pytestmark = pytest.mark.server
SIZE = 60_000_000
FLASK = [sys.executable, "-m", "flask", "--app", "site/frontdesk"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a site with one large file, as a program put it there."""
    folder = tmp_path_factory.mktemp("large")
    add_member(folder)
    script = f"""
import os
from frontdesk import create_app
from frontdesk.accounts import service as accounts
from frontdesk.files import arrivals, service
app = create_app()
with app.test_request_context(), service.storage().begin() as staged:
    block = os.urandom(1_000_000)
    for _ in range({SIZE} // len(block)):
        staged.write(block)
    arrivals.take_in(accounts.find("alice").id, [], "large.bin", staged, "number")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment(folder), capture_output=True
    )
    assert not done.returncode, done.stderr.decode()
    yield folder
    postgresql.drop(folder)


def begin(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*FLASK, *words], cwd=ROOT, env=environment(folder),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def end(running: subprocess.Popen[bytes], how: signal.Signals) -> int:
    running.send_signal(how)
    running.communicate(timeout=30)
    return running.returncode


def wait_for(happens: Callable[[], bool], running: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while not happens():
        assert running.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < until
        time.sleep(0.001)


def drafts(folder: Path) -> list[Path]:
    """Files without their name yet; one is the large one."""
    found = [*folder.rglob(f"{DRAFT}*"), *folder.glob(".*.part")]
    return [path for path in found if _size(path) > 2_000_000]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


@pytest.mark.parametrize(
    ("target", "how"), [("b/", signal.SIGKILL), ("x.tar", signal.SIGTERM)], ids=["kill", "term"]
)
def test_a_backup_that_is_stopped_is_none(
    made: Path, tmp_path: Path, target: str, how: signal.Signals
) -> None:
    running = begin(made, "backup", f"{tmp_path}/{target}")
    wait_for(lambda: bool(drafts(tmp_path)), running)
    assert end(running, how) == (-9 if how == signal.SIGKILL else 143)
    assert not (tmp_path / "x.tar").exists()
    assert not [path for path in (tmp_path / "b/snapshots").glob("*") if DRAFT not in path.name]
    if how == signal.SIGTERM:
        assert not drafts(tmp_path) and not list((made / "instance").glob(".backup-*"))
    said = json.loads(command(made, "backup", f"{tmp_path}/{target}", "--json"))
    assert (said["damaged"], said["files"]) == ([], 1)
    assert not drafts(tmp_path) and not list((made / "instance").glob(".backup-*"))


def test_a_restore_that_is_killed_stops_the_start_and_is_done_again(
    made: Path, tmp_path: Path
) -> None:
    command(made, "backup", f"{tmp_path}/x.tar")
    mark = tmp_path / "instance" / "restoring"
    running = begin(tmp_path, "restore", f"{tmp_path}/x.tar")
    wait_for(mark.exists, running)
    end(running, signal.SIGKILL)
    assert mark.exists()
    refused = begin(tmp_path, "user", "list")
    _, said = refused.communicate(timeout=30)
    assert refused.returncode and b"didn't come to its end" in said
    assert "all is well." in command(tmp_path, "restore", f"{tmp_path}/x.tar")
    assert command(tmp_path, "user", "list").startswith("alice")
    postgresql.drop(tmp_path)


def test_it_goes_to_standard_output_and_nothing_else_does(made: Path, tmp_path: Path) -> None:
    running = begin(made, "backup", "-")
    out, said = running.communicate(timeout=30)
    assert running.returncode == 0 and b"Backed up to standard output" in said
    (tmp_path / "x.tar").write_bytes(out)
    assert "All of it is" in command(made, "restore", "--check", f"{tmp_path}/x.tar")


@pytest.mark.skipif(
    os.getuid() != 0 or not shutil.which("unshare"), reason="only root may mount a small disk"
)
@pytest.mark.parametrize("target", ["b/", "x.tar"])
def test_a_full_disk_is_said_in_one_sentence(made: Path, tmp_path: Path, target: str) -> None:
    script = 'mount -t tmpfs -o size=20m none "$0" && "$@"; code=$?; find "$0" -type f; exit $code'
    words = [*FLASK, "backup", f"{tmp_path}/{target}"]
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, str(tmp_path), *words],
        cwd=ROOT, env=environment(made), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    said = f"Error: {tmp_path}/{target} can't be written: No space left on device."
    assert done.stderr.strip().splitlines() == [f"{said} No backup was made."]
    left = {path.rpartition("/")[2][:8] for path in done.stdout.split()}
    assert not {"x.tar", ".x.tar.p", ".draft-"} & left and "snapshots/" not in done.stdout
