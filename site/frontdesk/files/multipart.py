"""Take a multipart body apart while it arrives (RFC 7578, RFC 2046 §5.1).

Our own, since Werkzeug 3.1.9's decoder adds a CR to a file when a block ends inside the
boundary's line, after ``--boundary-``, and keeps whatever follows the last part in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple, Protocol

from werkzeug.datastructures import Headers
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.http import parse_options_header

BLOCK = 1024 * 1024
MOST_PARTS = 1000
# A part's headers are a name and a type; a body that never ends them would fill the memory.
LONGEST_HEADERS = 8 * 1024
LONGEST_BOUNDARY = 256  # RFC 2046 says 70; Werkzeug's test client takes up to 71


class Stream(Protocol):
    """What ``open_body()`` gives."""

    def readinto(self, buffer: memoryview, /) -> int | None: ...


class CutOff(Exception):
    """The body ended before its end."""


class Part(NamedTuple):
    """One field or file. ``data`` is to be read to its end before the next part is asked for.

    A piece of it stays as it is until the one after the next is asked for: two blocks take turns.
    """

    name: str
    filename: str | None
    headers: Headers
    data: Iterable[memoryview]


class Multipart:
    """A body and its parts; ``length`` is what its header claims, if it does.

    :raise 400: if the boundary is none
    """

    def __init__(self, stream: Stream, boundary: str, length: int | None) -> None:
        if not 0 < len(boundary) <= LONGEST_BOUNDARY or not boundary.isascii():
            raise BadRequest
        self.stream, self.length, self.arrived = stream, length, 0
        self.mark = b"\r\n--" + boundary.encode()
        size = min(BLOCK, length or BLOCK) + LONGEST_HEADERS
        self.block, self.other = bytearray(size), bytearray(size)
        self.at, self.end = 0, 2  # what is left to look at
        self.block[:2] = b"\r\n"  # so that the first boundary looks like the others
        self.broke: Exception | None = None

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
            self.at = self.end
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
        while self.end - self.at < 2:
            self._more()
        if self.block.startswith(b"--", self.at, self.end):
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
        while (found := self.block.find(self.mark, self.at, self.end)) < 0:
            end = max(self.at, self.end - overlap)
            yield memoryview(self.block)[self.at : end]
            self.at = end
            self._more()
        yield memoryview(self.block)[self.at : found]
        self.at = found + len(self.mark)

    def _skip_blank_line(self) -> None:
        """Go to the data; without any the blank line may belong to the boundary (RFC 2046)."""
        while self.end - self.at < len(self.mark):
            self._more()
        if not self.block.startswith(self.mark, self.at, self.end):
            self.at += 2

    def _line(self, end: bytes) -> bytes:
        """What comes before ``end``, within reason.

        :raise 400: if it is too long
        """
        while (found := self.block.find(end, self.at, self._reach)) < 0:
            if self.end - self.at >= LONGEST_HEADERS:
                raise BadRequest
            self._more()
        line, self.at = bytes(self.block[self.at : found]), found + len(end)
        return line

    @property
    def _reach(self) -> int:
        return min(self.end, self.at + LONGEST_HEADERS)

    def _more(self) -> None:
        """The next block, behind what is left of this one: at most a part's headers.

        :raise CutOff: if there is none
        """
        left, view = self.end - self.at, memoryview(self.other)
        view[:left] = memoryview(self.block)[self.at : self.end]
        count = self._fill(view[left : left + BLOCK])
        if not count:
            raise CutOff from self.broke
        self.block, self.other = self.other, self.block
        self.at, self.end = 0, left + count

    def _fill(self, view: memoryview) -> int:
        """As many bytes as there are; a piece at a time would cost a search for each."""
        count = 0
        try:
            while not self.broke and (more := self.stream.readinto(view[count:])):
                count += more
        except Exception as error:  # Stopped, OSError, or one of the server's own
            self.broke, self.length = error, max(self.length or 0, self.arrived + count + 1)
        self.arrived += count
        return count
