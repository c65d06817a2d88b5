"""The real server, as `make run` starts it, and somebody who talks to it over a socket."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from tests import postgresql
from tests.files.wire import CONTENT_TYPE
from tests.serve.answer import Answer

ROOT = Path(__file__).resolve().parents[2]
GUNICORN = ["-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"]
PATIENCE = 30
PASSWORD = "a long enough password"


@dataclass
class Server:
    """A server that runs; ``seconds`` is how long it took to its first answer."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path
    seconds: float = 0.0

    @property
    def said(self) -> str:
        return (self.folder / "stdout").read_text()

    @property
    def staging(self) -> list[Path]:
        return list((self.folder / "instance/files").glob("staging/*"))

    @property
    def blobs(self) -> list[Path]:
        return list((self.folder / "instance/files").glob("??/*"))

    @property
    def workers(self) -> list[int]:
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(child) for child in children.split()]

    def forget_peak(self) -> None:
        for pid in self.workers:
            Path(f"/proc/{pid}/clear_refs").write_text("5")

    def peak(self) -> int:
        """The most memory that a worker has held since, in bytes."""
        facts = [Path(f"/proc/{pid}/status").read_text() for pid in self.workers]
        return max(int(each.partition("VmHWM:")[2].split()[0]) for each in facts) * 1024

    def stop(self, how: signal.Signals = signal.SIGTERM) -> float:
        """End it; the seconds that took."""
        began = time.monotonic()
        self.process.send_signal(how)
        self.process.wait(PATIENCE)
        return time.monotonic() - began

    def crash(self) -> None:
        """End it as the machine would: at once, the workers too."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)


@dataclass
class Visitor:
    """Somebody with cookies; each request is a connection of its own."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(
        self, method: str, url: str, body: bytes | Iterable[bytes] | None = None, **headers: str
    ) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()} | self.cookie
        with closing(self.connection()) as connection:
            connection.request(method, url, body, sent)
            answer = connection.getresponse()
            found = Answer(answer.status, answer.headers, answer.read())
        for line in answer.headers.get_all("Set-Cookie", []):
            self.cookies |= {name: one.value for name, one in SimpleCookie(line).items()}
        return found

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    @property
    def cookie(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}

    def submit(self, url: str, form: str, **answers: str) -> Answer:
        """Fill in the form with that id on the page at ``url``."""
        found = self.ask("GET", url).html.select_one(f"form#{form}")
        assert found, f"no form #{form} at {url}"
        fields = {str(tag["name"]): str(tag.get("value", "")) for tag in found.select("[name]")}
        body = urlencode(fields | answers).encode()
        kind = "application/x-www-form-urlencoded"
        return self.ask("POST", str(found["action"]), body, Content_Type=kind)

    def log_in(self, name: str = "alice") -> None:
        assert self.submit("/login", "login", username=name, password=PASSWORD).status == 303

    def head(self, *headers: str) -> bytes:
        """The beginning of an upload's request, to be sent by hand."""
        lines = ["POST /upload HTTP/1.1", "Host: x", f"Content-Type: {CONTENT_TYPE}", *headers]
        lines += [f"X-CSRFToken: {self.token()}", f"Cookie: {self.cookie['Cookie']}"]
        return "\r\n".join(lines).encode() + b"\r\n\r\n"

    def finds(self, name: str) -> bool:
        """Whether a file of that name is there, or comes soon."""
        until = time.monotonic() + 10
        while self.ask("HEAD", f"/path/{quote(name)}").status != 200:
            if time.monotonic() > until:
                return False
            time.sleep(0.1)
        return True

    def make_token(self) -> str:
        """One for programs, that may write, as a member makes it."""
        wish = {"name": "test", "scope": "write", "days": "30"}
        made = self.submit("/profile/tokens", "token", **wish).html.select_one("input#secret")
        assert made, "no token was made"
        return str(made["value"])

    def token(self) -> str:
        return str(self.ask("GET", "/help").html.select_one("meta[name=csrf-token]")["content"])


def environment(folder: Path, **settings: object) -> dict[str, str]:
    """Where a site of ours keeps its things, and its settings by their names in config.py."""
    chosen = {f"FRONTDESK_{name}": str(value) for name, value in settings.items()}
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("FRONTDESK_", "FLASK_"))}
    return inherited | {
        "PYTHONPATH": "site",
        "FRONTDESK_INSTANCE_PATH": str(folder / "instance"),
        "FRONTDESK_MIN_FREE_SPACE": "0",
        **postgresql.settings_of(folder / "instance"),
        **chosen,
    }


def start(folder: Path, *command: str, **settings: object) -> Server:
    """Serve a site of ``folder``/instance; it answers when this returns."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [word.format(port=port) for word in command or GUNICORN]
    own = environment(folder, **settings) | {"HOST": "127.0.0.1", "PORT": str(port)}
    began = time.monotonic()
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT, env=own, stdout=out, stderr=err, start_new_session=True,
        )  # fmt: skip
    server = Server(process, port, folder)
    while process.poll() is None and time.monotonic() < began + PATIENCE:
        try:
            if Visitor(port).ask("GET", "/ak").status == 200:
                server.seconds = time.monotonic() - began
                return server
        except OSError:
            time.sleep(0.02)
    process.kill()
    raise AssertionError(f"no answer: {(folder / 'stderr').read_text()[-2000:]}")


def command(folder: Path, *words: str, said: bytes = b"") -> str:
    """``flask …`` on the site of ``folder``, as an owner with a shell gives it; what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "site/frontdesk", *words],
        cwd=ROOT, env=environment(folder), input=said, capture_output=True,
    )  # fmt: skip
    assert not done.returncode, done.stderr.decode()
    return done.stdout.decode()


def add_member(folder: Path, name: str = "alice") -> None:
    command(folder, "user", "create", name, "--admin", "--password-stdin", said=PASSWORD.encode())


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start servers on this test's own folder; they end with the test."""
    running: list[Server] = []

    def serve(*command: str, members: bool = True, **settings: object) -> Server:
        if members and not (tmp_path / "instance").exists():
            add_member(tmp_path)
        running.append(start(tmp_path, *command, **settings))
        return running[-1]

    yield serve
    for server in running:
        if server.process.poll() is None:
            server.crash()


@pytest.fixture(scope="module")
def make_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """One server for all tests of a module; Alice is its member."""
    running: list[Server] = []

    def make_site(**settings: object) -> Server:
        folder = tmp_path_factory.mktemp("served")
        add_member(folder)
        running.append(start(folder, **settings))
        return running[-1]

    yield make_site
    for server in running:
        server.stop()


@pytest.fixture(scope="module")
def server(make_site: Callable[..., Server]) -> Server:
    """With small limits."""
    return make_site(MAX_FILE_SIZE=20_000_000, QUOTA=100_000_000)


@pytest.fixture
def alice(server: Server) -> Visitor:
    visitor = Visitor(server.port)
    visitor.log_in()
    return visitor
