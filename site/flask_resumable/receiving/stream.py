"""The body of a request, read as directly as the server allows.

`open_body(environ)` gives an `io.RawIOBase`: `readinto(view)`, 0 at the end. Under gunicorn it
reads the server's own socket: gunicorn's reader copies its whole remainder back for each piece,
which costs 60 % of the time. Anything that does not look exactly like gunicorn gets the plain
`wsgi.input`: same result, slower. A form parser may read the same stream: it has `read` and
`readline`.
"""

import io
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from werkzeug.exceptions import ClientDisconnected
from werkzeug.wsgi import get_input_stream

from .watch import Gone, Watch

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from _typeshed.wsgi import WSGIEnvironment


class Body(io.RawIOBase):
    """What all bodies can do.

    `left` is how many bytes are still to come, None when only the end will tell (chunked).
    Use it in a `with`, or in several: after each the server has its socket back as it was.
    """

    left: int | None = None
    _abandoned = False

    def __init__(self, watch: Watch | None = None) -> None:
        super().__init__()
        self.watch = watch or Watch()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.restore()

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Some bytes, as many as there are; 0 at the end.

        :raise Stopped: the body ended before its end, or is to be given up.
        """
        view = memoryview(buffer).cast("B")
        if self.left is not None:
            view = view[: self.left]
        if not view.nbytes:
            return 0
        count = self.take(view)
        self.watch.got(count)
        return self._count(count)

    def _count(self, count: int) -> int:
        if self.left and not count:
            raise Gone(f"The client closed the connection {self.left} bytes early")
        if self.left is not None:
            self.left -= count
        return count

    def take(self, view: memoryview) -> int:
        """At least one byte into `view`, which is not empty; 0 when the sender has finished."""
        raise NotImplementedError

    def restore(self) -> None:
        """Give the server its things back."""

    def abandon(self) -> None:
        """Let the server close the connection after the answer: what is left on it is unknown."""
        self._abandoned = True

    def trailers(self) -> dict[str, str]:
        """Fields that came after a chunked body (RFC 9112 §7.1.2), names in lower case."""
        return {}

    def interim(self, status: str, headers: dict[str, str]) -> bool:
        """Send a 1xx answer at once; False where the server gives no way to."""
        return False

    def drain(self, limit: int, seconds: float) -> bool:
        """Read and forget up to `limit` bytes; True when nothing is left.

        An early 4xx over an unread body becomes a 502 behind nginx, and a browser that still sends
        sees a reset instead of the sentence.
        """
        bin_, end = memoryview(bytearray(1 << 16)), time.monotonic() + seconds
        if self._abandoned:
            return False
        while self.left != 0 and (count := self.readinto(bin_)):
            limit -= count
            if limit < 0 or time.monotonic() > end:
                return False
        return True


class PlainBody(Body):
    """Over any WSGI server's `wsgi.input`. A blocked read cannot be interrupted here."""

    def __init__(self, environ: "WSGIEnvironment", watch: Watch | None = None) -> None:
        super().__init__(watch)
        length = str(environ.get("CONTENT_LENGTH") or "")
        self.left = int(length) if length.isdecimal() else self._unknown(environ)
        self._stream = cast(Any, get_input_stream(environ))

    @staticmethod
    def _unknown(environ: "WSGIEnvironment") -> int | None:
        return None if environ.get("wsgi.input_terminated") else 0

    def take(self, view: memoryview) -> int:
        """From the stream; a client that went away is `Gone`."""
        try:
            data = self._stream.read(min(view.nbytes, 1 << 18))
        except (ClientDisconnected, OSError) as error:
            raise Gone("The client closed the connection early") from error
        view[: len(data)] = data
        return len(data)


def open_body(environ: "WSGIEnvironment", watch: Watch | None = None) -> Body:
    """The best stream for this server's request."""
    from .server import server_body

    return server_body(environ, watch) or PlainBody(environ, watch)
