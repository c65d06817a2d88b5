"""Take a multipart body apart while it arrives (RFC 7578, RFC 2046 §5.1).

Our own, since Werkzeug 3.1.9's decoder adds a CR to a file when a block ends inside the
boundary's line, after ``--boundary-``, and keeps whatever follows the last part in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import IO, NamedTuple

from werkzeug.datastructures import Headers
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.http import parse_options_header

# gunicorn 27 receives 1 MiB at a time, and copies what is left of it each time less is read.
BLOCK = 1024 * 1024
MOST_PARTS = 1000
# A part's headers are a name and a type; a body that never ends them would fill the memory.
LONGEST_HEADERS = 8 * 1024
LONGEST_BOUNDARY = 256  # RFC 2046 says 70; Werkzeug's test client takes up to 71


class CutOff(Exception):
    """The body ended before its end."""


class Part(NamedTuple):
    """One field or file. ``data`` is to be read to its end before the next part is asked for."""

    name: str
    filename: str | None
    headers: Headers
    data: Iterable[memoryview]


class Multipart:
    """A body and its parts; ``length`` is what its header claims, if it does.

    :raise 400: if the boundary is none
    """

    def __init__(self, stream: IO[bytes], boundary: str, length: int | None) -> None:
        if not 0 < len(boundary) <= LONGEST_BOUNDARY or not boundary.isascii():
            raise BadRequest
        self.stream, self.length, self.arrived = stream, length, 0
        self.mark = b"\r\n--" + boundary.encode()
        self.rest = b"\r\n"  # so that the first boundary looks like the others
        self.at = (
            0  # where reading stands in it; cutting it each time would copy a block for each part
        )

    def parts(self) -> Iterator[Part]:
        """Each part in turn.

        :raise 400: if this is no multipart body
        :raise 413: if it has more than a thousand parts
        :raise CutOff: if it ends early; also in the middle of a part's data
        """
        if not self._begins():
            return
        count = 0
        while not self._ends():
            if (count := count + 1) > MOST_PARTS:
                raise RequestEntityTooLarge
            headers = self._headers()
            about = parse_options_header(headers.get("Content-Disposition", ""))[1]
            yield Part(about.get("name", ""), about.get("filename"), headers, self._data())
        if self.length is None or self.arrived < self.length:
            with suppress(CutOff):  # an epilogue is of no interest, but should be out of the way
                self._more()

    def _begins(self) -> bool:
        """Skip to the first boundary; False if there is nothing at all."""
        try:
            before = self._line(self.mark)
        except CutOff:
            if self.length is not None and self.arrived < self.length:
                raise
            if self.arrived:  # all of it, and not one boundary
                raise BadRequest from None
            return False
        return before is not None

    def _ends(self) -> bool:
        """Whether the boundary just read was the last; else skip to the next line."""
        while len(self.rest) < self.at + 2:
            self._grow()
        if self.rest.startswith(b"--", self.at):
            return True
        if self._line(b"\r\n").strip(b" \t"):
            raise BadRequest
        return False

    def _headers(self) -> Headers:
        """The headers of a part.

        :raise 400: if they are none, or lack the one that matters
        """
        text = self._line(b"\r\n\r\n").decode(errors="replace")
        self.at -= 2  # the blank line may belong to the boundary
        pairs = [line.partition(":") for line in text.replace("\r\n ", " ").split("\r\n")]
        try:
            headers = Headers([(name.strip(), value.strip()) for name, _, value in pairs])
        except ValueError as error:  # a line break that is none
            raise BadRequest from error
        if "Content-Disposition" not in headers:
            raise BadRequest
        return headers

    def _data(self) -> Iterator[memoryview]:
        """Pieces of what comes before the next boundary."""
        self._skip_blank_line()
        overlap = len(self.mark) - 1  # so much of a boundary may have begun
        while (found := self.rest.find(self.mark, self.at)) < 0:
            end = max(self.at, len(self.rest) - overlap)
            yield memoryview(self.rest)[self.at : end]
            self.at, tail = end, self.rest[end:]
            block = self._more()
            if len(block) >= overlap and self.mark not in tail + block[:overlap]:
                yield memoryview(tail)  # rather than copy a block for its sake
                tail = b""
            self.rest, self.at = tail + block, 0
        yield memoryview(self.rest)[self.at : found]
        self.at = found + len(self.mark)

    def _skip_blank_line(self) -> None:
        """Go to the data; without any the blank line may belong to the boundary (RFC 2046)."""
        while len(self.rest) < self.at + len(self.mark):
            self._grow()
        if not self.rest.startswith(self.mark, self.at):
            self.at += 2

    def _line(self, end: bytes) -> bytes:
        """What comes before ``end``, within reason.

        :raise 400: if it is too long
        """
        while (found := self.rest.find(end, self.at, self.at + LONGEST_HEADERS)) < 0:
            if len(self.rest) >= self.at + LONGEST_HEADERS:
                raise BadRequest
            self._grow()
        line, self.at = self.rest[self.at : found], found + len(end)
        return line

    def _grow(self) -> None:
        self.rest, self.at = self.rest[self.at :] + self._more(), 0

    def _more(self) -> bytes:
        """The next block.

        :raise CutOff: if there is none
        """
        try:
            block = self.stream.read(BLOCK)
        except Exception as error:  # OSError, ClientDisconnected, or one of the server's own
            self.length = max(self.length or 0, self.arrived + 1)
            raise CutOff from error
        if not block:
            raise CutOff
        self.arrived += len(block)
        return block
