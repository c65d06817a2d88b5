"""Somebody outside who talks HTTP by hand: to one address, and nowhere else.

The name is looked up once and every connection goes to what it was then. No redirect is followed.
"""

from __future__ import annotations

import json
import secrets
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.client import HTTPException, HTTPMessage, HTTPResponse, IncompleteRead
from threading import Timer
from typing import Any
from urllib.parse import urlsplit

from frontdesk.check import key
from frontdesk.check.probe import ASK, HEADER

TIMEOUT = 10.0
LONGEST = 60.0  # seconds of a whole answer beyond the time for its parts
MOST_READ = 4 * 1024 * 1024
# On this machine we come from an address of our own, or nobody could tell us from the proxy.
NEAR, OWN_NEAR = "127.", "127.0.0.77"
Headers = Iterable[tuple[str, str]]
Pieces = Iterable[bytes | float]  # numbers are seconds to wait


@dataclass(slots=True)
class Answer:
    """What came back; ``is_ours`` says that this site's own process wrote it, in answer to us."""

    status: int
    headers: HTTPMessage
    body: bytes
    is_ours: bool
    first: float = 0.0  # seconds until the first bytes of the body
    seconds: float = 0.0

    @property
    def facts(self) -> dict[str, Any]:
        """What the probe told."""
        return dict(json.loads(self.body)) if self.is_ours else {}

    def all(self, name: str) -> list[str]:
        """Each value of a header."""
        return self.headers.get_all(name, [])

    def get(self, name: str) -> str:
        return str(self.headers.get(name, ""))


@dataclass(frozen=True, slots=True)
class Stranger:
    """Comes to ``scheme://netloc``; ``connect`` is where that is, if not where its name says."""

    scheme: str
    netloc: str
    secret_key: str
    word: str
    target: tuple[Any, ...] = ()
    family: int = socket.AF_INET
    verify: bool = True
    timeout: float = TIMEOUT
    sent: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return urlsplit(f"//{self.netloc}").hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(f"//{self.netloc}").port or (443 if self.scheme == "https" else 80)

    def patient(self, seconds: float) -> Stranger:
        """The same, who waits so long for each answer."""
        return replace(self, timeout=seconds)

    def connect(self) -> socket.socket:
        """:raise OSError: if nobody answers there, or TLS says no (ssl.SSLError is one)"""
        plain = socket.socket(self.family, socket.SOCK_STREAM)
        plain.settimeout(self.timeout)
        try:
            if str(self.target[0]).startswith(NEAR):
                with suppress(OSError):  # only Linux has all of 127/8
                    plain.bind((OWN_NEAR, 0))
            plain.connect(self.target)
            if self.scheme != "https":
                return plain
            return context(self.verify).wrap_socket(plain, server_hostname=self.name)
        except BaseException:
            plain.close()
            raise

    def ask(
        self, method: str, path: str, ask: str = "look", *, body: bytes = b"", headers: Headers = ()
    ) -> Answer:
        """Send a request that the probe answers, if it gets there; no cache knows its address."""
        path += ("&" if "?" in path else "?") + secrets.token_hex(4)
        return self.ask_again(method, path, ask, body=body, headers=headers)

    def ask_again(
        self, method: str, path: str, ask: str = "look", *, body: bytes = b"", headers: Headers = ()
    ) -> Answer:
        """The same, which may have been asked before."""
        length = [("Content-Length", str(len(body)))] if body or method in BODIES else []
        return self.send([self.head(method, path, ask, [*length, *headers]), body], method)

    def plain(self, method: str, path: str, headers: Headers = ()) -> Answer:
        """Send one that nothing marks as ours."""
        return self.send([self.head(method, path, "", headers)], method)

    def send(self, pieces: Pieces, method: str = "GET") -> Answer:
        """:raise OSError: if there is no answer, or none that is HTTP"""
        with closing(self.connect()) as connection, _left_after(connection, self.timeout + LONGEST):
            began = time.monotonic()
            _write(connection, pieces)
            return self._read(connection, method, began)

    def announce(self, method: str, path: str, size: int, headers: Headers = ()) -> int:
        """Say that ``size`` bytes come, send none, and hear what is thought of it: a status.

        100 (go on) or 0 (silence: no refusal) where it would be let through.
        """
        told = [("Content-Length", str(size)), ("Expect", "100-continue"), *headers]
        with closing(self.patient(3.0).connect()) as connection:
            _write(connection, [self.head(method, path, "look", told)])
            return _status(connection)

    def head(self, method: str, path: str, ask: str, headers: Headers = ()) -> bytes:
        """The head of a request, as it goes over the line."""
        given = dict.fromkeys(name.lower() for name, _ in headers)
        own = [] if "host" in given else [("Host", self.netloc)]
        marks = [(HEADER, self.word), (ASK, ask)] if ask else []
        lines = [*own, ("Connection", "close"), ("User-Agent", "frontdesk-check"), *marks, *headers]
        said = "".join(f"{name}: {value}\r\n" for name, value in lines)
        return f"{method} {path} HTTP/1.1\r\n{said}\r\n".encode("latin-1")

    def _read(self, connection: socket.socket, method: str, began: float) -> Answer:
        response = HTTPResponse(connection, method=method)
        with closing(response):
            try:
                response.begin()
                start = response.read1(65_536)
                first = time.monotonic() - began
                body = start + (response.read(MOST_READ) if start else b"")
            except IncompleteRead as error:
                body = start + error.partial
            except HTTPException as error:
                raise OSError(f"no HTTP: {error!r}") from error
            whole = time.monotonic() - began
            is_ours = response.headers.get(HEADER) == key.proof(self.secret_key, self.word)
            return Answer(response.status, response.headers, body, is_ours, first, whole)


@contextmanager
def _left_after(connection: socket.socket, seconds: float) -> Iterator[None]:
    """Hang up then, whatever still comes: who sends a byte now and then would hold us for days."""
    timer = Timer(seconds, _hang_up, [connection])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)  # TLS is left as it is: it is read


BODIES = {"POST", "PUT", "PATCH"}


def context(verify: bool) -> ssl.SSLContext:
    """How TLS is spoken: as browsers do, or with anybody, to look at their certificate."""
    found = ssl.create_default_context()
    if not verify:
        found.check_hostname, found.verify_mode = False, ssl.CERT_NONE
    return found


def _status(connection: socket.socket) -> int:
    """Of the answer that begins there; 0 where none comes."""
    with suppress(TimeoutError, ConnectionResetError):
        words = connection.recv(64).split()
        return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    return 0


def _write(connection: socket.socket, pieces: Pieces) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):  # they answered before the end: read it
        for piece in pieces:
            if isinstance(piece, bytes):
                connection.sendall(piece)
            else:
                time.sleep(piece)


def come(url: str, secret_key: str, word: str, connect: str = "") -> Stranger:
    """Somebody for ``url``.

    :raise OSError: if its name leads nowhere
    :raise ValueError: if it is no address of a site
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        raise ValueError(f"{url} is no address like https://files.example.org.")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = socket.getaddrinfo(connect or parts.hostname, port, type=socket.SOCK_STREAM)
    family, _, _, _, target = _reachable(found)
    return Stranger(parts.scheme, parts.netloc, secret_key, word, target, family)


def _reachable(found: list[Any]) -> Any:
    """The first that takes a connection, as browsers try them; else the first."""
    for one in found[:4]:
        with closing(socket.socket(one[0], socket.SOCK_STREAM)) as trial, suppress(OSError):
            trial.settimeout(TIMEOUT / 2)
            trial.connect(one[4])
            return one
    return found[0]
