"""A machine below a temporary folder: commands for /srv, /etc and so on go there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.fronts.starting import PATH, free_ports
from tests.serve.conftest import PATIENCE, ROOT


@dataclass
class Machine:
    """An empty machine below ``root``; commands are given one after the other."""

    root: Path
    folder: Path = ROOT
    ports: list[int] = field(default_factory=lambda: free_ports(2))
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)  # its environment
    stack: ExitStack = field(default_factory=ExitStack)

    def below(self, command: str) -> str:
        """The same, with the machine's folders below the root."""
        fixed = {str(self.root): "\0", str(ROOT): "\1"}  # which may lie in /tmp themselves
        for path, mark in fixed.items():
            command = command.replace(path, mark)
        command = re.sub(r"(?<![\w.\0\1])/(?=(?:srv|etc|var|tmp|run)/)", "\0/", command)
        for path, mark in fixed.items():
            command = command.replace(mark, path)
        return command

    @property
    def env(self) -> dict[str, str]:
        own = ("FRONTDESK_", "FLASK_", "PYTHON")
        inherited = {name: v for name, v in os.environ.items() if not name.startswith(own)}
        return inherited | {
            "PATH": f"{os.environ['PATH']}:{PATH}",
            "PYTHONPYCACHEPREFIX": str(self.root / "compiled"),  # else each command compiles anew
            **self.own,
        }

    def do(self, command: str, said: str = "") -> str:
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", self.below(command)],
            cwd=self.folder, env=self.env, input=said, capture_output=True, text=True,
        )  # fmt: skip
        assert not done.returncode, f"{command}: {done.stderr}"
        return done.stdout

    def start(self, name: str, words: list[str], **env: str) -> None:
        with (self.root / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                words, cwd=self.folder, env=self.env | env, stdout=log, stderr=log
            )

    def stop(self, name: str) -> None:
        process = self.running.pop(name)
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:  # uWSGI loses a SIGTERM in its first second
            process.kill()
            process.wait()

    def end(self) -> None:
        for name in list(self.running):
            self.stop(name)
        self.stack.close()

    def wait(self, is_so: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE
        while not is_so():
            assert time.monotonic() < until, self.said
            time.sleep(0.1)

    @property
    def said(self) -> str:
        """What its servers wrote, the end of each log."""
        return "".join(path.read_text()[-2000:] for path in self.root.glob("*.log"))

    def unit(self, name: str) -> tuple[list[str], dict[str, str]]:
        """What systemd would start, and what it would say in the environment."""
        at = self.root / "etc/systemd/system"
        own = [path.read_text() for path in sorted(at.glob(f"{name}.d/*.conf"))]
        text = "".join([(at / name).read_text(), *own])
        run = re.findall(r"^ExecStart=(.*)$", text, re.M)[-1]
        env = dict(one.split("=", 1) for one in re.findall(r"^Environment=(.*)$", text, re.M))
        return shlex.split(self.below(run)), env
