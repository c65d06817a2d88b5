"""A whole file through nginx: kept first, or handed on as it comes. `python bench/buffering.py`

The site stands behind what `flask deploy nginx` writes; only `proxy_request_buffering` differs at
/path/. For a quick line, a slow one and a stranger who is refused: how long it took, for how long a
thread of the site was held, what nginx and the site wrote, and nginx's and the site's CPU.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from measure import MIB, cpu_seconds, family

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "site")]

from tests.fronts.front import Front  # noqa: E402 - found by the line above
from tests.fronts.guest import HOST  # noqa: E402
from tests.fronts.starting import make_certificate, start_front  # noqa: E402
from tests.serve.conftest import add_member  # noqa: E402

SLOW = 20 * MIB
HEADINGS = ["buffering", "line", "answer", "s", "thread s", "nginx wrote MiB", "site wrote MiB"]
HEADINGS += ["nginx CPU s", "site CPU s"]


def written(pid: int) -> float:
    """MiB to files, of a process and its descendants."""
    texts = [Path(f"/proc/{one}/io").read_text() for one in family(pid)]
    return sum(int(text.split("\nwrite_bytes: ")[1].split()[0]) for text in texts) / MIB


def put(front: Front, file: Path, *more: str) -> str:
    """By curl over TLS, as programs do; the answer's status."""
    words = ["curl", "-sS", "--http1.1", "-o", "/dev/null", "-w", "%{http_code}", "-T", str(file)]
    words += ["--resolve", f"{HOST}:{front.port}:127.0.0.1", "--cacert", str(front.certificate)]
    url = f"https://{HOST}:{front.port}/path/bench.bin"
    return subprocess.run([*words, *more, url], capture_output=True, text=True, check=False).stdout


def measured(front: Front, do: Callable[[], str]) -> list[str]:
    assert front.door
    pids = front.door.pid, front.site.process.pid
    before = [(written(pid), cpu_seconds(pid)) for pid in pids]
    seen, began = len(front.requests("/path/bench.bin", wait=False)), time.perf_counter()
    status = do()
    seconds = time.perf_counter() - began
    while len(lines := front.requests("/path/bench.bin")) == seen:
        time.sleep(0.05)
    after = [(written(pid), cpu_seconds(pid)) for pid in pids]
    wrote, cpu = ([b[n] - a[n] for a, b in zip(before, after, strict=True)] for n in (0, 1))
    figures = [seconds, lines[-1]["ms"] / 1000, *wrote, *cpu]
    return [status, *(f"{one:.2f}" for one in figures)]


def set_buffering(front: Front, how: str) -> None:
    assert front.door
    path = front.folder / "nginx/frontdesk.conf"
    begin, location, rest = path.read_text().partition("location /path/ {")
    other = {"on": "off", "off": "on"}[how]
    rest = rest.replace(f"proxy_request_buffering {other}", f"proxy_request_buffering {how}", 1)
    path.write_text(begin + location + rest)
    front.door.send_signal(signal.SIGHUP)
    time.sleep(2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=200, help="MiB")
    parser.add_argument("--rounds", type=int, default=3)
    told = parser.parse_args()
    print(*HEADINGS, sep=" | ")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:  # which is no memory
        folder = Path(name)
        folder.chmod(0o755)
        add_member(folder)
        front = start_front("nginx-gunicorn", folder, make_certificate(folder))
        try:
            compare(front, folder / "file", told.size, told.rounds)
        finally:
            front.stop()


def compare(front: Front, file: Path, size: int, rounds: int) -> None:
    file.write_bytes(bytes(size * MIB))
    bearer = ["-H", f"Authorization: Bearer {front.member().make_token()}"]
    lines = {"quick": bearer, "slow": [*bearer, "--limit-rate", str(SLOW)], "stranger": []}
    for _ in range(rounds):
        for how in ("off", "on"):
            set_buffering(front, how)
            for line, more in lines.items():
                found = measured(front, partial(put, front, file, *more))
                print(how, line, *found, sep=" | ", flush=True)


if __name__ == "__main__":
    main()
