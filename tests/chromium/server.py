"""The real server, as `make run` starts it, on a folder and a port of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests import postgresql

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30


@dataclass(frozen=True, slots=True)
class Site:
    """A site that runs: its address, its folder, and what its terminal says."""

    url: str
    instance: Path
    terminal: Path
    pid: int = 0

    @property
    def setup_address(self) -> str:
        """Where the first account is made, as the terminal says."""
        found = re.search(r"http://\S+/setup/\S+", self.terminal.read_text(encoding="utf-8"))
        assert found, "the terminal names no set-up address"
        return found[0]


@contextmanager
def serve(folder: Path, *, port: str = "0", **settings: str) -> Iterator[Site]:
    """Start the site on ``folder``/instance, with ``settings`` by their FRONTDESK_ names."""
    instance, terminal = folder / "instance", folder / "terminal"
    environment = os.environ | {
        "HOST": "127.0.0.1",
        "PORT": port,  # 0: the system picks a free one, and the greeting names it
        "PYTHONPATH": f"{ROOT / 'site'}{os.pathsep}{ROOT}",
        "FRONTDESK_INSTANCE_PATH": str(instance),
        "FRONTDESK_MIN_FREE_SPACE": "0",
        **postgresql.settings_of(instance),
        **{f"FRONTDESK_{name}": value for name, value in settings.items()},
    }
    command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"]
    with terminal.open("w") as said:
        server = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=said, stderr=subprocess.STDOUT
        )
    try:
        yield Site(_address(server, terminal), instance, terminal, server.pid)
    finally:
        server.terminate()
        server.wait(PATIENCE)


def _address(server: subprocess.Popen[bytes], terminal: Path) -> str:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and server.poll() is None:
        said = terminal.read_text(encoding="utf-8")
        if found := re.search(r"^Frontdesk is at (http://\S+)/$", said, re.MULTILINE):
            return found[1]
        time.sleep(0.05)
    raise AssertionError(f"the server did not start:\n{terminal.read_text(encoding='utf-8')}")
