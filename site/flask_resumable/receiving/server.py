"""Bodies over gunicorn's own socket (seen with 27.0; recognised by shape, not by version).

`wsgi.input` is a Body with a `reader`: for a declared length that has `length`, the bytes still to
come, and `unreader`, which holds what the header parser read too far; for chunks it has a `parser`,
a generator of pieces. Both stay truthful here, because the server drains what is left and finds
the next request of a kept or pipelined connection by them.
"""

import socket
from typing import TYPE_CHECKING, Any, Self

from .stream import Body
from .watch import STEP, Gone, Stopped, Watch

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def _untouched(environ: "WSGIEnvironment", *names: str) -> Any:
    """gunicorn's body if its reader has all of `names` and nobody has read from it yet."""
    body = environ.get("wsgi.input")
    reader = getattr(body, "reader", None)
    if reader is None or not all(hasattr(reader, name) for name in names):
        return None
    return body if hasattr(body, "failed") and not _begun(body, reader) else None


def _begun(body: Any, reader: Any) -> bool:
    buffers = (getattr(body, "buf", None), getattr(reader, "buf", None))
    return any(buffer is not None and buffer.tell() for buffer in buffers)


def _unreader(environ: "WSGIEnvironment", reader: Any) -> Any:
    """The buffer between socket and parser, if it is the one of this request's socket."""
    unreader = getattr(reader, "unreader", None) or getattr(
        getattr(reader, "req", None), "unreader", None
    )
    sock = environ.get("gunicorn.socket")
    same = isinstance(sock, socket.socket) and getattr(unreader, "sock", None) is sock
    return unreader if same and hasattr(unreader, "take_buffered") else None


class ServerBody(Body):
    """What the two bodies share: in a `with` the socket has a short timeout, then its own again."""

    def __init__(
        self, environ: "WSGIEnvironment", body: Any, unreader: Any, watch: Watch | None
    ) -> None:
        super().__init__(watch)
        self._body, self._reader, self._unreader = body, body.reader, unreader
        self._socket: socket.socket = unreader.sock
        self._timeout = self._socket.gettimeout()
        self._speaks = environ.get("SERVER_PROTOCOL") == "HTTP/1.1"

    def __enter__(self) -> Self:
        self._socket.settimeout(STEP)
        return self

    def restore(self) -> None:
        """The timeout as it was."""
        self._unreader.sock = self._socket
        self._socket.settimeout(self._timeout)

    def abandon(self) -> None:
        """gunicorn closes a connection whose body failed."""
        super().abandon()
        self._body.failed = True

    def interim(self, status: str, headers: dict[str, str]) -> bool:
        """Only HTTP/1.1 has interim answers (RFC 9110 §15.2)."""
        if self._speaks:
            lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers.items())]
            self._socket.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        return self._speaks


class SocketBody(ServerBody):
    """A body of declared length: `recv_into`, no copy in between."""

    def __init__(
        self, environ: "WSGIEnvironment", body: Any, unreader: Any, watch: Watch | None
    ) -> None:
        super().__init__(environ, body, unreader, watch)
        self.left = int(self._reader.length)

    def take(self, view: memoryview) -> int:
        """First what the parser read too far, then from the socket."""
        count = self._held(view) or self._receive(view)
        self._reader.length -= count
        return count

    def _held(self, view: memoryview) -> int:
        if not self._unreader.buf.tell():
            return 0
        held = self._unreader.take_buffered()
        count = min(len(held), view.nbytes)
        view[:count] = held[:count]
        if count < len(held):
            self._unreader.unread(held[count:])
        return count

    def _receive(self, view: memoryview) -> int:
        while True:
            try:
                return self._socket.recv_into(view)
            except TimeoutError:
                self.watch.look()
            except OSError as error:
                raise Gone("The connection broke") from error


class _Patient:
    """Stands in for the socket, so that gunicorn's chunk parser can be interrupted."""

    def __init__(self, sock: socket.socket, body: Body) -> None:
        self._socket, self._for = sock, body

    def recv(self, size: int) -> bytes:
        while True:
            try:
                return self._socket.recv(size)
            except TimeoutError:
                self._for.watch.look()
            except OSError as error:
                raise Gone("The connection broke") from error


class ChunkedBody(ServerBody):
    """A chunked body: gunicorn's parser finds the pieces, which arrive here uncopied."""

    def __init__(
        self, environ: "WSGIEnvironment", body: Any, unreader: Any, watch: Watch | None
    ) -> None:
        super().__init__(environ, body, unreader, watch)
        self._piece = memoryview(b"")

    def __enter__(self) -> Self:
        self._unreader.sock = _Patient(self._socket, self)
        return super().__enter__()

    def take(self, view: memoryview) -> int:
        """From the piece at hand, or the next one."""
        while not self._piece and self._reader.parser is not None:
            self._piece = memoryview(self._next())
        count = min(len(self._piece), view.nbytes)
        view[:count] = self._piece[:count]
        self._piece = self._piece[count:]
        return count

    def _next(self) -> bytes:
        try:
            return bytes(next(self._reader.parser))
        except StopIteration:
            self._reader.parser, self.left = None, 0
            return b""
        except Stopped:
            self.abandon()  # the parser is lost in the middle of a chunk
            raise
        except Exception as error:  # gunicorn's own kinds for a body that is cut off or malformed
            self.abandon()
            raise Gone("The chunked body ended badly") from error

    def trailers(self) -> dict[str, str]:
        """Known when the body has been read to its end."""
        return {name.lower(): value for name, value in self._reader.req.trailers}


def server_body(environ: "WSGIEnvironment", watch: Watch | None) -> Body | None:
    """A body over the server's socket, or None where the server is another one."""
    for names, kind in ((("length", "unreader"), SocketBody), (("parser", "req"), ChunkedBody)):
        body = _untouched(environ, *names)
        unreader = body and _unreader(environ, body.reader)
        if unreader:
            return kind(environ, body, unreader, watch)
    return None
