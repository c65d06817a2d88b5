"""Who reads what: the front server's user gets what the site hands over, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.fronts.front import Front, behind, kinds
from tests.fronts.furnished import CHINESE, TEXT
from tests.fronts.guest import Guest
from tests.fronts.starting import BEHIND
from tests.serve.conftest import ROOT, environment

ADDRESS = f"/path/{quote(CHINESE)}?download=1"
as_root = pytest.mark.skipif(
    bool(os.geteuid()), reason="only root starts servers whose workers are another user"
)


def can_read(path: Path) -> bool:
    """Whether www-data does."""
    words = ["runuser", "-u", "www-data", "--", shutil.which("cat") or "cat", path]
    return not subprocess.run(words, capture_output=True).returncode


def owner_of(pid: str) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


@behind
@as_root
def test_the_front_servers_workers_are_another_user_and_get_the_file(
    front: Front, alice: Guest
) -> None:
    """The 300 MB of test_downloads.py leave by the same workers."""
    assert front.door
    pid = front.door.pid
    workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    assert workers and all(owner_of(worker) for worker in workers), "none is root's"
    assert alice.ask("GET", ADDRESS).body == TEXT


@behind
@as_root
def test_they_read_what_was_handed_over_and_nothing_else(front: Front, alice: Guest) -> None:
    (blob,) = (one for one in front.site.blobs if one.read_bytes() == TEXT)
    blob.chmod(0o600)
    assert not can_read(blob), "it was handed over to nobody yet"
    assert alice.ask("GET", ADDRESS).body == TEXT
    assert can_read(blob) and blob.stat().st_mode & 0o777 == 0o640, "its group, and nobody else"
    instance = front.folder / "instance"
    for secret in ("secret-key", "frontdesk.db"):
        assert (instance / secret).exists() and not can_read(instance / secret)


@kinds("nginx-gunicorn")
@as_root
def test_where_the_front_server_may_not_read_the_check_says_so(front: Front) -> None:
    """As when the folder was made without its group: downloads fail, and this tells why."""
    files = front.folder / "instance/files"
    files.chmod(0o700)
    try:
        found = checked(front)["stored"]
    finally:
        files.chmod(0o2750)
    assert (found["level"], found["says"]) == ("wrong", "A stored file doesn’t arrive: 403.")
    assert "let the front server’s user read it" in found["todo"]
    assert found["line"] == f"alias {files}/;"


def checked(front: Front) -> dict[str, dict[str, str]]:
    """What `flask check` finds there."""
    words = ["check", "--url", front.guest().home, "--connect", "127.0.0.1"]
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "site/frontdesk", *words, "--insecure", "--json"],
        cwd=ROOT, env=environment(front.folder, **BEHIND), capture_output=True,
    )  # fmt: skip
    said = done.stdout.decode().splitlines()
    assert said, done.stderr.decode()
    return {one["id"]: one for one in json.loads(said[-1])["findings"]}
