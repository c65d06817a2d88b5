"""What a monitor reads, and a collector on this machine that keeps what it is sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

Labels = frozenset[tuple[str, str]]


@dataclass
class Collector:
    """A small real server: what came, by path."""

    port: int = 0
    came: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def wait(self, is_enough: Callable[[Collector], bool]) -> None:
        until = time.monotonic() + 20
        while not is_enough(self):
            assert time.monotonic() < until, f"only {len(self.came)} came"
            time.sleep(0.02)


@pytest.fixture
def collector() -> Iterator[Collector]:
    found = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.came.append((self.path, dict(self.headers), body))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        found.port = server.server_port
        thread = Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        yield found
        server.shutdown()
        thread.join()
