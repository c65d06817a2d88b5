"""Start servers side by side, let each do the same in turn, and say what it cost.

A figure asserts nothing. Client and servers share the machine: take the CPU first, the ratio inside
one round second, and MiB/s last.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MIB, GIB = 1 << 20, 1 << 30
TICKS = os.sysconf("SC_CLK_TCK")


class Unable(Exception):
    """A way that can't be measured here; the message says why."""


@dataclass
class Way:
    """A server, what it is asked to do, and what came of it.

    ``start`` gives the command for a folder and a port; ``ready`` makes what ``act`` needs.
    """

    name: str
    start: Callable[[Way], list[str]]
    act: Callable[[Way, int], None]
    ready: Callable[[Way], None] = lambda way: None
    clean: Callable[[Way], None] = lambda way: None
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    folder: Path = Path()
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    speeds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: int = 0

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def up(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        folder.mkdir()
        command = self.start(self)
        with (folder / "said").open("wb") as said:
            self.process = subprocess.Popen(command, env=self.environ, stdout=said, stderr=said)
        for _ in range(200):
            with socket.socket() as sock:
                if not sock.connect_ex(("127.0.0.1", self.port)):
                    return self.ready(self)
            time.sleep(0.1)
        raise Unable(f"did not start: {(folder / 'said').read_text()}")

    def down(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()

    def measure(self, size: int) -> None:
        os.sync()  # or the next one pays for what others left unwritten
        forget_peaks(self.pid)
        rss, cpu, start = memory(self.pid, "VmRSS"), cpu_seconds(self.pid), time.perf_counter()
        self.act(self, size)
        self.speeds.append(size / MIB / (time.perf_counter() - start))
        self.cpu.append((cpu_seconds(self.pid) - cpu) / (size / GIB))
        self.memory = max(self.memory, memory(self.pid, "VmHWM") - rss)
        self.clean(self)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in family(int(child)))]


def cpu_seconds(pid: int) -> float:
    fields = [
        Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split() for one in family(pid)
    ]
    return sum(int(values[11]) + int(values[12]) for values in fields) / TICKS


def forget_peaks(pid: int) -> None:
    for one in family(pid):
        Path(f"/proc/{one}/clear_refs").write_text("5")


def memory(pid: int, name: str) -> int:
    """MiB of the hungriest process: ``VmRSS`` now, ``VmHWM`` at most."""
    lines = [Path(f"/proc/{one}/status").read_text() for one in family(pid)]
    return max(int(text.split(f"{name}:")[1].split()[0]) for text in lines) // 1024


def request(
    port: int, head: str, size: int = 0, before: bytes = b"", after: bytes = b""
) -> tuple[str, int]:
    """Send a body of ``size`` bytes between two pieces; the answer's head, and its body's size.

    :raise Unable: if it was refused
    """
    buffer = memoryview(os.urandom(MIB))
    length = size + len(before) + len(after)
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(f"{head}\r\nHost: bench\r\nContent-Length: {length}\r\n\r\n".encode() + before)
        for start in range(0, size, MIB):
            sock.sendall(buffer[: min(MIB, size - start)])
        sock.sendall(after)
        return answer(sock)


def answer(sock: socket.socket) -> tuple[str, int]:
    """Read an answer and forget its body."""
    found, buffer = b"", bytearray(MIB)
    while b"\r\n\r\n" not in found:
        if not (data := sock.recv(65536)):
            raise Unable(f"no answer, but {found!r}")
        found += data
    head, _, body = found.partition(b"\r\n\r\n")
    if head.split()[1][:1] not in b"23":
        raise Unable(f"refused: {head.splitlines()[0].decode()}")
    fields = head.lower().partition(b"content-length:")[2].split()
    length, count = int(fields[0]) if fields else 0, len(body)
    while count < length and (more := sock.recv_into(buffer)):
        count += more
    return head.decode("latin-1"), count


def compare(ways: list[Way], size: int, rounds: int, folder: str | None) -> list[Way]:
    """Let all of them do it in turn; the ways that could be started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # and the servers with us
    with tempfile.TemporaryDirectory(dir=folder) as place:
        try:
            ways = [
                way for number, way in enumerate(ways) if _works(way, Path(place) / str(number))
            ]
            for turn in range(rounds):
                start = turn % len(ways)  # nobody always comes after the same one
                for way in ways[start:] + ways[:start]:
                    way.measure(size)
        finally:
            for way in ways:
                way.down()
    return ways


def _works(way: Way, folder: Path) -> bool:
    """Start it, and try it with a little."""
    try:
        way.up(folder)
        way.act(way, MIB)
        way.clean(way)
    except (Unable, OSError, subprocess.SubprocessError) as reason:
        print(f"{way.name}: {reason}")
        way.down()
        return False
    return True


def table(title: str, ways: list[Way]) -> None:
    """The first way is what the others are compared with."""
    base = ways[0].speeds
    print(f"{title:40} {'MiB/s':>7} {'ratio':>6} {'CPU s/GiB':>10} {'memory + MiB':>13}")
    for way in ways:
        ratio = statistics.median(mine / one for mine, one in zip(way.speeds, base, strict=True))
        speed, cpu = statistics.median(way.speeds), min(way.cpu)  # neighbours only add to it
        print(f"{way.name:40} {speed:7.0f} {ratio:6.2f} {cpu:10.2f} {way.memory:13}", flush=True)


def options(what: str | None) -> argparse.Namespace:
    """What all of them can be told."""
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--size", type=int, default=1024, help="MiB")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", help="where the files go; its disk is measured too")
    parser.add_argument("--only", default="", help="ways with this in their name, and the first")
    return parser.parse_args()


def chosen(ways: list[Way], only: str) -> list[Way]:
    return [way for number, way in enumerate(ways) if not number or only in way.name]
