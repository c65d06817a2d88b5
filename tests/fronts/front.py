"""A site with its servers as they stand in production; stopped by their pid."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.fronts.guest import HOST, Guest, dial
from tests.serve.conftest import PATIENCE, Server

KINDS = ("gunicorn", "nginx-gunicorn", "nginx-uwsgi", "apache-gunicorn")
PROXIED = tuple(kind for kind in KINDS if kind != "gunicorn")


@dataclass
class Front:
    """One combination that runs. ``site`` is what stands behind it, the front server ``door``."""

    kind: str
    site: Server
    port: int
    http: int | None = None
    certificate: Path | None = None
    door: subprocess.Popen[bytes] | None = None
    logs: list[Path] = field(default_factory=list)

    @property
    def is_alone(self) -> bool:
        return self.door is None

    @property
    def folder(self) -> Path:
        return self.site.folder

    @property
    def said(self) -> str:
        """All that its servers wrote, the end of each log."""
        logs = [self.folder / "stdout", self.folder / "stderr", *self.logs]
        parts = [f"--- {path.name}\n{path.read_text()[-1500:]}" for path in logs if path.exists()]
        return "\n".join(parts)

    def guest(self) -> Guest:
        """Somebody who isn't logged in."""
        return Guest(self.port, certificate=self.certificate)

    def member(self, name: str = "alice") -> Guest:
        guest = self.guest()
        guest.log_in(name)
        return guest

    def dial(self, host: str = HOST) -> socket.socket:
        """A line to it, to be talked on by hand."""
        return dial(self.port, self.certificate, host)

    def requests(self, path: str, wait: bool = True) -> list[dict[str, Any]]:
        """The lines that the site wrote of requests for ``path``."""
        until = time.monotonic() + (PATIENCE if wait else 0)
        while True:
            both = self.site.said + (self.folder / "stderr").read_text()  # uWSGI writes to that
            lines = [line for line in both.splitlines(keepends=True) if line.startswith("{")]
            lines = [line for line in lines if line.endswith("}\n")]
            found = [one for one in map(json.loads, lines) if one.get("path") == path]
            if found or time.monotonic() >= until:
                return found
            time.sleep(0.05)

    def answers(self) -> bool:
        """Whether it does, soon; False if one of its servers has ended."""
        until = time.monotonic() + PATIENCE
        while self._runs and time.monotonic() < until:
            try:
                if self.guest().ask("GET", "/ak").status == 200:
                    return True
            except OSError:
                pass
            time.sleep(0.02)
        return False

    @property
    def _runs(self) -> bool:
        both = [self.site.process, self.door]
        return all(one is None or one.poll() is None for one in both)

    @contextmanager
    def site_halted(self) -> Iterator[None]:
        """While the site stands still: it neither answers nor closes its door."""
        os.killpg(self.site.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self.site.process.pid, signal.SIGCONT)

    def stop(self) -> None:
        """At once: a graceful stop takes seconds, and tests of its own look at it."""
        for process in (self.door, self.site.process):
            if process and process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(PATIENCE)


def kinds(*names: str) -> pytest.MarkDecorator:
    """Run this test on these combinations only."""
    return pytest.mark.parametrize("front", names, indirect=True, scope="session")


behind = kinds(*PROXIED)
