"""The parts of a form, each put where it belongs while it arrives.

Werkzeug spools each file to a temporary file that ``save()`` copies once more, and holds its
limits against the whole body only. Here every file goes into storage at once.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any, cast

from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from frontdesk.files.multipart import CutOff, Multipart, Part, Stream

if TYPE_CHECKING:
    from frontdesk.storage import Storage
    from frontdesk.storage.staged import Refusal, Staged

    Parsed = tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]

MOST_TEXT = 500_000
LOOK_AGAIN = 16 * 1024 * 1024
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Intake:
    """Where the files of one request go, and what they may take."""

    def __init__(self, storage: Storage, max_file_size: int, budget: int, min_free: int) -> None:
        self.storage, self.max_file_size = storage, max_file_size
        self.left, self.min_free = budget, min_free
        self.begun: list[Staged] = []
        self.room: Callable[[], int] | None = None
        self._since = 0
        self.cut_off = False
        self.why: BaseException | None = None

    def begin(self) -> Staged:
        """A place in storage for the next file; gone at :meth:`close` unless it was kept."""
        self.begun.append(self.storage.begin())
        return self.begun[-1]

    def write(self, staged: Staged, data: memoryview) -> None:
        """Take ``data``, or mark the file as refused and free what it had.

        :raise OSError: if the disk is broken, not just full
        """
        self._look_again(len(data))
        refused = staged.refused or self.refusal(staged.size + len(data), len(data))
        if not refused:
            try:
                self.left -= staged.take(data)
            except OSError as error:
                if error.errno not in FULL:
                    raise
                refused = "disk_full"
        if refused and not staged.refused:
            staged.refused = refused
            self.left += staged.size
            staged.discard()

    @property
    def taken(self) -> int:
        """Bytes on the disk that are nobody's yet."""
        return sum(staged.size for staged in self.begun if not staged.kept)

    def _look_again(self, more: int) -> None:
        """Others may have taken of the same room meanwhile."""
        self._since += more
        if self.room and self._since > LOOK_AGAIN:
            self.left, self._since = min(self.left, self.room()), 0

    def refusal(self, size: int, more: int) -> Refusal | None:
        """Why a file must not have ``size`` bytes, ``more`` of which are still to come."""
        if size > self.max_file_size:
            return "too_large"
        if more > self.left:
            return "no_space"
        return "disk_full" if self.storage.free() - more < self.min_free else None

    def broke_off(self, why: BaseException | None, complete: list[FileStorage]) -> None:
        """The body ended early: give back what the file in the middle of it had."""
        self.cut_off, self.why = True, why
        streams: list[object] = [file.stream for file in complete]
        for staged in self.begun:
            if staged not in streams:
                staged.discard()

    def close(self) -> None:
        """Remove what was not kept. Twice is once."""
        for staged in self.begun:
            staged.close()


class Parser(FormDataParser):
    """Werkzeug's form parser with an own way for multipart; what it cannot read is a 400."""

    def __init__(
        self, intake: Intake, most_text: int | None, cls: type[MultiDict[str, Any]]
    ) -> None:
        super().__init__(cls=cls, silent=False)
        self.intake, self.text_left = intake, most_text or MOST_TEXT
        self.fields: list[tuple[str, str]] = []
        self.files: list[tuple[str, FileStorage]] = []

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
        if mimetype == "multipart/form-data":
            boundary = (options or {}).get("boundary", "")
            self._receive(Multipart(cast(Stream, stream), boundary, content_length))
            return stream, self.cls(self.fields), self.cls(self.files)
        if mimetype == "application/x-www-form-urlencoded":  # Werkzeug reads it whole
            self._allow(self.text_left + 1 if content_length is None else content_length)
        return super().parse(stream, mimetype, content_length, options)

    def _receive(self, body: Multipart) -> None:
        try:
            for part in body.parts():
                self._take(part)
        except CutOff as cut:
            self.intake.broke_off(cut.__cause__, [file for _, file in self.files])
        except BaseException:
            self.intake.close()
            raise

    def _take(self, part: Part) -> None:
        if part.filename:
            self._file(part)
        elif part.filename is None:
            self._field(part)
        else:  # an input in which no file was chosen
            for _ in part.data:
                pass

    def _field(self, part: Part) -> None:
        value = bytearray()
        for piece in part.data:
            self._allow(len(piece))
            value += piece
        self.fields.append((part.name, value.decode(errors="replace")))

    def _file(self, part: Part) -> None:
        staged = self.intake.begin()
        for piece in part.data:
            self.intake.write(staged, piece)
        staged.settle()  # the next file comes in the same blocks
        stream = cast(IO[bytes], staged)
        file = FileStorage(stream, part.filename, part.name, headers=part.headers)
        self.files.append((part.name, file))

    def _allow(self, text: int) -> None:
        """Count ``text`` bytes more that stay in memory, in all fields together."""
        self.text_left -= text
        if self.text_left < 0:
            raise RequestEntityTooLarge
