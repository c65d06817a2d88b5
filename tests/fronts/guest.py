"""Somebody at the front door: over TLS where there is TLS, under the site's own name."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.serve.answer import Answer
from tests.serve.conftest import PATIENCE, Visitor

HOST = "files.example.org"


def dial(port: int, certificate: Path | None = None, host: str = HOST) -> socket.socket:
    """A line to that port, to be talked on by hand; with a certificate, over TLS."""
    line = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    if certificate is None:
        return line
    context = ssl.create_default_context(cafile=str(certificate))
    try:
        return context.wrap_socket(line, server_hostname=host)
    except OSError:
        line.close()
        raise


@dataclass
class Guest(Visitor):
    """A Visitor who comes through the front door, as a browser that was given its address."""

    certificate: Path | None = None

    @property
    def host(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def home(self) -> str:
        return f"{'https' if self.certificate else 'http'}://{self.host}"

    @property
    def names(self) -> dict[str, str]:
        """The headers that each request has; on https the site looks at where a form stood."""
        return {"Host": self.host, "Referer": f"{self.home}/"}

    def connection(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(HOST, timeout=PATIENCE)
        connection.sock = dial(self.port, self.certificate)
        return connection

    def ask(
        self, method: str, url: str, body: bytes | Iterable[bytes] | None = None, **headers: str
    ) -> Answer:
        return super().ask(method, url.removeprefix(self.home), body, **self.names | headers)
