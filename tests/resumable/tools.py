"""A real gunicorn, and a client that says exactly what it is told to, byte by byte."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
TUS = {"Tus-Resumable": "1.0.0"}
OCTETS = "application/offset+octet-stream"


def chunk(offset: int, **headers: str) -> dict[str, str]:
    """The headers of a tus PATCH."""
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return {**TUS, "Upload-Offset": str(offset), "Content-Type": OCTETS, **more}


@dataclass
class Answer:
    """Status, headers in lower case, body, and the interim answers that came before."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    interim: "list[Answer]" = field(default_factory=list)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """One connection. `send` whatever, `answer()` one answer."""

    def __init__(self, port: int, tls: bool = False) -> None:
        self.socket: socket.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        if tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self.socket = context.wrap_socket(self.socket)
        self.buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *what: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def head(self, method: str, path: str, headers: dict[str, str], length: int | None = 0) -> None:
        """The head of a request; `length` None leaves Content-Length out."""
        lines = [f"{method} {path} HTTP/1.1", "Host: test"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if length is not None:
            lines.append(f"Content-Length: {length}")
        self.send("\r\n".join([*lines, "", ""]).encode())

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        """A whole request and its answer."""
        self.head(method, path, headers, len(body))
        self.send(body)
        return self.answer(method)

    def answer(self, method: str = "POST") -> Answer:
        interim: list[Answer] = []
        while (found := self._head()).status < 200:
            interim.append(found)
        found.interim = interim
        length = int(found.headers.get("content-length", "0"))
        if method != "HEAD" and found.status != 204:
            while len(self.buffer) < length:
                self._more()
            found.body, self.buffer = self.buffer[:length], self.buffer[length:]
        return found

    def _head(self) -> Answer:
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = [line.split(": ", 1) for line in lines]
        return Answer(int(first.split()[1]), {name.lower(): value for name, value in pairs})

    def _more(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("The server closed the connection")
        self.buffer += data

    def closed(self) -> bool:
        """The server has nothing more to say."""
        try:
            return not self.buffer and not self.socket.recv(1)
        except ConnectionResetError:
            return True


class Server:
    """gunicorn gthread in a process group of its own."""

    def __init__(self, folder: Path, **config: Any) -> None:
        self.folder, self.config, self.options = folder, config, ["-w", "2", "--threads", "8"]
        self.tls = False
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port = int(sock.getsockname()[1])

    def start(self) -> Self:
        environ = {
            **os.environ,
            "PYTHONPATH": f"{ROOT / 'site'}:{ROOT}",
            "SERVED_FOLDER": str(self.folder / "instance"),
            "SERVED_CONFIG": json.dumps(self.config),
        }
        command = [sys.executable, "-m", "gunicorn", "-k", "gthread", "--no-control-socket"]
        command += [*self.options, "-b", f"127.0.0.1:{self.port}", "tests.resumable.served:app"]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, env=environ, stdout=log, stderr=log, start_new_session=True, cwd=ROOT
            )
        self._wait()
        return self

    def _wait(self) -> None:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                with self.wire() as wire:
                    wire.ask("GET", "/pid", {})
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError((self.folder / "server.log").read_text())

    def wire(self) -> Wire:
        return Wire(self.port, self.tls)

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        """On a connection of its own."""
        with self.wire() as wire:
            return wire.ask(method, path, headers, body)

    def create(self, length: int, **headers: str) -> str:
        """A tus upload; its address."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.ask("POST", "/uploads/", {**TUS, "Upload-Length": str(length), **more})
        assert answer.status == 201, answer
        return answer.headers["location"]

    def offset(self, address: str) -> int:
        answer = self.ask("HEAD", address, TUS)
        assert answer.status == 200, answer
        return int(answer.headers["upload-offset"])

    def stored(self, address: str) -> Path:
        """Where a finished upload's bytes lie."""
        name = address.partition("?")[0].rpartition("/")[2]
        return self.folder / "instance" / "resumable" / "finished" / name

    def kill(self) -> None:
        """As the machine would: at once, all of it."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
