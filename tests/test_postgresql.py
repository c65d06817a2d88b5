"""tests/postgresql.py - a machine without PostgreSQL is told so, and killed runs leave nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests import postgresql

WITHOUT = """
import sys, pytest
from tests import cluster
cluster.PROGRAMS = "nowhere/*/bin"
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "--database", "postgresql", *sys.argv[1:]]))
"""


def test_without_it_the_run_ends_well_and_says_why() -> None:
    own = {name: value for name, value in os.environ.items() if name != postgresql.VARIABLE}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, "tests/test_sealing.py"],
        env=own | {"PYTHONPATH": ".:site"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0 and "apt-get install postgresql" in done.stderr
    assert "passed" not in done.stdout


def left(place: Path, name: str, pid: int | None, seconds: int) -> Path:
    """A server's folder, as old as that."""
    data = place / name / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("15")
    if pid:
        (data / "postmaster.pid").write_text(f"{pid}\n{data}\n")
    os.utime(data.parent, (time.time() - seconds,) * 2)
    return data.parent


def test_what_killed_runs_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    stale = {left(tmp_path, "frontdesk-a", None, 700), left(tmp_path, "frontdesk-b", gone.pid, 700)}
    kept = {
        left(tmp_path, "frontdesk-c", os.getpid(), 700),
        left(tmp_path, "frontdesk-d", None, 10),
        left(tmp_path, "another", None, 700),
    }
    (tmp_path / "frontdesk-files").mkdir()
    postgresql._sweep(tmp_path)
    assert set(tmp_path.iterdir()) == kept | {tmp_path / "frontdesk-files"}
    assert not any(path.exists() for path in stale)
