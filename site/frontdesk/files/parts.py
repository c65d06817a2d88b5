"""The parts of a multipart body, each written where it belongs while it arrives.

Werkzeug spools each file to a temporary file that ``save()`` copies once more, and holds its
limits against the whole body only. Here every file part goes into storage at once.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any, Protocol, cast

from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.sansio.multipart import Data, Event, Field, File, MultipartDecoder, NeedData, State
from werkzeug.wsgi import LimitedStream

if TYPE_CHECKING:
    from frontdesk.storage import Storage
    from frontdesk.storage.staged import Refusal, Staged

    Parsed = tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]

# With 1 MiB gunicorn 27 holds 8 MiB and more for each upload, with 256 KiB it copies twice as much.
BLOCK = 512 * 1024
MOST_PARTS = 1000
# A part's headers are a name and a type; a body that never ends them would fill the memory.
LONGEST_HEADERS = 8 * 1024
LONGEST_BOUNDARY = 70  # RFC 2046
BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r")
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Intake:
    """Where the files of one request go, and what they may take."""

    def __init__(self, storage: Storage, max_file_size: int, budget: int, min_free: int) -> None:
        self.storage, self.max_file_size = storage, max_file_size
        self.left, self.min_free = budget, min_free
        self.begun: list[Staged] = []
        self.cut_off = False

    def begin(self) -> Staged:
        self.begun.append(self.storage.begin())
        return self.begun[-1]

    def write(self, staged: Staged, data: bytes) -> None:
        """Take ``data``, or mark the file as refused and free what it had.

        :raise OSError: if the disk is broken, not just full
        """
        refused = staged.refused or self._refusal(staged.size + len(data), len(data))
        if not refused:
            try:
                self.left -= staged.write(data)
            except OSError as error:
                if error.errno not in FULL:
                    raise
                refused = "disk_full"
        if refused and not staged.refused:
            staged.refused = refused
            self.left += staged.size
            staged.discard()

    def _refusal(self, size: int, more: int) -> Refusal | None:
        if size > self.max_file_size:
            return "too_large"
        if more > self.left:
            return "no_space"
        return "disk_full" if self.storage.free() - more < self.min_free else None

    def broke_off(self, complete: list[FileStorage]) -> None:
        """The body ended early: give back what the file in the middle of it had."""
        self.cut_off = True
        streams: list[object] = [file.stream for file in complete]
        for staged in self.begun:
            if staged not in streams:
                staged.discard()

    def close(self) -> None:
        for staged in self.begun:
            staged.close()


class Parser(FormDataParser):
    """Werkzeug's form parser with an own way for multipart; what it cannot read is a 400."""

    def __init__(
        self, intake: Intake, most_text: int | None, cls: type[MultiDict[str, Any]]
    ) -> None:
        super().__init__(cls=cls, silent=False)
        self.intake, self.most_text = intake, most_text or 500_000

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> Parsed:
        """The rest of the body, the fields and the files.

        :raise 400: if the body is not what its type says
        :raise 413: if it has too many parts, or too much text
        """
        if mimetype != "multipart/form-data":
            few = cast(IO[bytes], LimitedStream(stream, self.most_text, is_max=True))
            return super().parse(few, mimetype, content_length, options)
        body = _Body(stream, (options or {}).get("boundary", ""), content_length)
        try:
            fields, files = self._sort(body.events())
        except BaseException:
            self.intake.close()
            raise
        if body.cut_off:
            self.intake.broke_off([file for _, file in files])
        return stream, self.cls(fields), self.cls(files)

    def _sort(self, events: Iterator[Event]) -> tuple[list[Any], list[Any]]:
        fields: list[tuple[str, str]] = []
        files: list[tuple[str, FileStorage]] = []
        part: _Part = _Nothing()
        text = _Allowance(self.most_text)
        for event in events:
            if isinstance(event, Field):
                part = _Text(event, fields, text)
            elif isinstance(event, File):
                part = _Upload(event, files, self.intake) if event.filename else _Nothing()
            elif isinstance(event, Data):
                part.take(event)
        return fields, files


class _Body:
    """A multipart body, read and cut into events; ``cut_off`` when its end never came."""

    def __init__(self, stream: IO[bytes], boundary: str, length: int | None) -> None:
        if not 0 < len(boundary) <= LONGEST_BOUNDARY or not boundary.isascii():
            raise BadRequest
        self.stream, self.length, self.arrived = stream, length, 0
        self.decoder = MultipartDecoder(boundary.encode(), max_parts=MOST_PARTS)
        self.mark = b"--" + boundary.encode()
        self.cut_off = False

    def events(self) -> Iterator[Event]:
        while self.decoder.state is not State.EPILOGUE and (block := self._read()):
            yield from self._bulk(block)
            yield from self._ready()
        if self.decoder.state is not State.EPILOGUE:
            self._ended_early()

    def _bulk(self, block: bytes) -> Iterator[Event]:
        """Pass on what lies in the middle of a file; Werkzeug's decoder copies it three times."""
        if self.decoder.state is State.DATA:
            block = bytes(self.decoder.buffer) + block
            self.decoder.buffer.clear()
            if block.find(self.mark) < 0:  # then it can only begin in the last few bytes
                end = max(0, len(block) - len(self.mark) - 4)
                yield Data(cast(bytes, memoryview(block)[:end]), more_data=True)
                block = block[end:]
        self.decoder.receive_data(block)

    def _ready(self) -> Iterator[Event]:
        """What can be told from the bytes so far."""
        while True:
            self._bound_headers()
            try:
                event = self.decoder.next_event()
            except ValueError as error:  # headers that are no headers, a name that is not UTF-8
                raise BadRequest from error
            if isinstance(event, NeedData):
                break
            yield event
        if self.decoder.state is State.PREAMBLE and len(self.decoder.buffer) > LONGEST_HEADERS:
            raise BadRequest

    def _read(self) -> bytes:
        """The next block; nothing at the end, or when the client is gone."""
        try:
            block = self.stream.read(BLOCK)
        except Exception:  # OSError, ClientDisconnected, or an error of the server's own making
            self.cut_off = True
            return b""
        self.arrived += len(block)
        return block

    def _bound_headers(self) -> None:
        buffer, in_headers = self.decoder.buffer, self.decoder.state is State.PART
        long = in_headers and len(buffer) > LONGEST_HEADERS
        if long and not BLANK_LINE.search(buffer, 0, LONGEST_HEADERS):
            raise BadRequest

    def _ended_early(self) -> None:
        """Tell a body that was cut off from one that never was a form.

        :raise 400: if all of it arrived and there is no part in it
        """
        short = self.cut_off or (self.length is not None and self.arrived < self.length)
        if self.arrived and not short and self.decoder.state is State.PREAMBLE:
            raise BadRequest
        self.cut_off = bool(short or self.arrived)


class _Part(Protocol):
    def take(self, data: Data) -> None: ...


class _Nothing:
    """A part that is of no interest: a file input in which no file was chosen."""

    def take(self, data: Data) -> None:
        pass


class _Allowance:
    """Bytes of text that the fields of one form may still take, together."""

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise RequestEntityTooLarge


class _Text:
    """A field, kept in memory."""

    def __init__(self, event: Field, into: list[tuple[str, str]], allowance: _Allowance) -> None:
        self.name, self.into, self.allowance = event.name or "", into, allowance
        self.value = bytearray()

    def take(self, data: Data) -> None:
        self.allowance.take(len(data.data))
        self.value += data.data
        if not data.more_data:
            self.into.append((self.name, self.value.decode(errors="replace")))


class _Upload:
    """A file, written to storage; in the list once it is complete or refused."""

    def __init__(self, event: File, into: list[tuple[str, FileStorage]], intake: Intake) -> None:
        self.event, self.into, self.intake = event, into, intake
        self.staged = intake.begin()

    def take(self, data: Data) -> None:
        self.intake.write(self.staged, data.data)
        if not data.more_data:
            name, filename = self.event.name or "", self.event.filename
            stream = cast(IO[bytes], self.staged)
            file = FileStorage(stream, filename, name, headers=self.event.headers)
            self.into.append((name, file))
