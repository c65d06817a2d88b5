"""What a page costs: CPU per request, beside bare Flask under the same server.

Run it by ``make bench`` or ``.venv/bin/python bench/pages.py``. It starts two servers with a
temporary instance folder, drives them one request after the other over a kept connection, and
reads from /proc what their workers used. The clock decides nothing here; a ratio inside one run
is what to trust.
"""

from __future__ import annotations

import http.cookiejar
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROUNDS, REQUESTS, WARM_UP = 20, 100, 100
FILES = 25
NAME, PASSWORD = "ann", "a bench is to sit on"

BARE = """
from flask import Flask
application = Flask(__name__)

@application.get("/")
def hello():
    return "Hello, World!"
"""


@dataclass
class Target:
    """A page to measure, and what it may cost as a multiple of bare Flask."""

    name: str
    server: Server
    path: str
    goal: float | None = None
    cookie: str = ""
    costs: list[float] = field(default_factory=list)

    @property
    def cost(self) -> float:
        """Microseconds of CPU for a request, in the calmest round: neighbours only add to it."""
        return min(self.costs)


@dataclass(frozen=True)
class Server:
    port: int
    worker: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cpu(self) -> float:
        """Seconds of CPU that the worker's threads have used."""
        threads = Path(f"/proc/{self.worker}/task").iterdir()
        return sum(int((one / "schedstat").read_text().split()[0]) for one in threads) / 1e9


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="frontdesk-bench-") as scratch:
        folder = Path(scratch)
        (folder / "bare.py").write_text(BARE)
        instance = {"FRONTDESK_INSTANCE_PATH": str(folder / "instance")}
        create_member(instance)
        with (
            serve("bare:application", {"PYTHONPATH": scratch}) as bare,
            serve("wsgi:application", {"PYTHONPATH": str(ROOT / "site"), **instance}) as site,
        ):
            cookie = log_in_and_fill(site.address)
            print_table(
                measure(
                    [
                        Target("bare Flask, a string", bare, "/"),
                        Target("/login", site, "/login", goal=3),
                        Target(f"/hello/ with {FILES} files", site, "/hello/", 5, cookie),
                    ]
                )
            )


def create_member(environment: dict[str, str]) -> None:
    flask = [sys.executable, "-m", "flask", "--app", "wsgi", "user", "create", NAME, "--admin"]
    subprocess.run(
        [*flask, "--password-stdin"],
        input=f"{PASSWORD}\n",
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "site"), **environment},
        stdout=subprocess.DEVNULL,
        check=True,
    )


@contextmanager
def serve(application: str, environment: dict[str, str]) -> Iterator[Server]:
    """A gunicorn with one worker, and the process id of that worker."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--threads", "4"]
    command += ["--bind", f"127.0.0.1:{port}", "--no-control-socket", "--keep-alive", "60"]
    process = subprocess.Popen(
        [*command, "--config", os.devnull, application],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        yield Server(port, int(children[0]))
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def wait_for(port: int) -> None:
    for _ in range(300):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.settimeout(30)
            connection.sendall(b"GET /ak HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            if connection.recv(1):
                return
        time.sleep(0.1)
    raise SystemExit("The server does not answer.")


def log_in_and_fill(address: str) -> str:
    """Log in, upload the files as a browser does, and give the cookies back."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    post(browser, f"{address}/login", {"username": NAME, "password": PASSWORD}, {})
    files = {f"report {number}.txt": b"figures " * number for number in range(1, FILES + 1)}
    post(browser, f"{address}/upload", {}, files)
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def post(
    browser: urllib.request.OpenerDirector,
    address: str,
    fields: dict[str, str],
    files: dict[str, bytes],
) -> None:
    """Fill in the form of a page and send it."""
    page = browser.open(address).read().decode()
    token = re.search(r'name="csrf-token" content="([^"]+)"', page)
    fields = {**fields, "csrf_token": token[1] if token else ""}
    boundary = "frontdesk-bench"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    parts += [
        f'--{boundary}\r\nContent-Disposition: form-data; name="the_file"; filename="{name}"\r\n'
        "Content-Type: text/plain\r\n\r\n".encode()
        + body
        + b"\r\n"
        for name, body in files.items()
    ]
    body = b"".join(parts) + f"--{boundary}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Referer": address}
    browser.open(urllib.request.Request(address, body, headers))


def measure(targets: list[Target]) -> list[Target]:
    """Round by round, so that a noisy minute falls on all of them."""
    for target in targets:
        get(target, WARM_UP)
    for _ in range(ROUNDS):
        for target in targets:
            before = target.server.cpu()
            get(target, REQUESTS)
            target.costs.append((target.server.cpu() - before) / REQUESTS * 1e6)
    return targets


def get(target: Target, times: int) -> None:
    """Ask for the page over one kept connection."""
    cookie = f"Cookie: {target.cookie}\r\n" if target.cookie else ""
    lines = f"GET {target.path} HTTP/1.1\r\nHost: 127.0.0.1:{target.server.port}\r\n{cookie}"
    request = f"{lines}Accept: text/html\r\nAccept-Language: en\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", target.server.port), 30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answers = connection.makefile("rb")
        for _ in range(times):
            connection.sendall(request)
            status, length = b"", 0
            while (line := answers.readline()) not in (b"\r\n", b""):
                status = status or line
                if line.lower().startswith(b"content-length:"):
                    length = int(line[15:])
            answers.read(length)
            if b" 200 " not in status:
                raise SystemExit(f"{target.path} answers {status.decode().strip()}, not 200.")


def print_table(targets: list[Target]) -> None:
    base = targets[0].cost
    print(f"{'page':<24}{'CPU per request':>16}{'x bare Flask':>14}{'goal':>8}  reached")
    for target in targets:
        times = target.cost / base
        goal = f"<= {target.goal:g}" if target.goal else ""
        reached = ("yes" if times <= target.goal else "no") if target.goal else ""
        print(f"{target.name:<24}{target.cost:>13.0f} µs{times:>14.1f}{goal:>8}  {reached}")


if __name__ == "__main__":
    main()
