"""A zip on its way out: stored, so that its length is known, and made while it is sent.

No temporary file, and at most a block in memory. Its Content-Length is a promise: when bytes
turn out to be missing on the way the connection breaks, so that nobody takes a part for the whole.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import BinaryIO, cast
from uuid import UUID

from flask import Response
from zipstream import ZipStream, ZipStreamInfo

from frontdesk.db import now
from frontdesk.files import service
from frontdesk.files.deliver import (
    PARTIAL,
    SANDBOX,
    WHOLE,
    Part,
    asked_for,
    content_disposition,
    measure,
)
from frontdesk.files.packing import Entry, Parcel
from frontdesk.storage import Storage

BLOCK = 1024 * 1024
# What unpackers on Unix make of it: a folder, or a file that only its owner changes.
A_FOLDER, A_FILE = 0o40755 << 16 | 0x10, 0o100644 << 16


class Zip(ZipStream):
    """As zipstream-ng makes it, but with the files' own times: it takes none (its issue 27)."""

    def __init__(self, entries: list[Entry], storage: Storage) -> None:
        super().__init__(sized=True)
        self.entries = {entry.name: entry for entry in entries}
        for entry in entries:
            if entry.name.endswith("/"):
                self.mkdir(entry.name)
            elif entry.blob_id is None:
                self.add(iter([entry.text]), entry.name, size=entry.size)
            else:
                self.add(_read(storage, entry), entry.name, size=entry.size)

    def _gen_file_entry(
        self, *, arcname: str, size: int, iterable: Iterable[bytes] = (), **_data: bytes
    ) -> Iterator[bytes]:
        entry = self.entries[arcname]
        info = ZipStreamInfo(arcname, entry.modified.astimezone(UTC).timetuple()[:6])
        info.file_size, info.header_offset = size, self._pos
        info.external_attr = A_FOLDER if info.is_dir() else A_FILE
        for block in info._file_data(iterable):
            self._pos += len(block)
            yield block
        if info.file_size != size:
            raise RuntimeError(f"blob {entry.blob_id} isn't as long as its row says")
        self._filelist.append(info)


def send(parcel: Parcel, name: str) -> Response:
    """The answer to a GET, HEAD or POST: ``parcel`` as a zip of that name, or a part of it.

    The same files make the same zip, so a download that broke off goes on where it was; what
    came before is read once more then. No row is read on the way: the database is free while a
    slow visitor downloads.

    :raise RuntimeError: if storage lacks one of the blobs
    """
    storage = service.storage()
    for entry in parcel.entries:
        if entry.blob_id is not None:
            _opened(storage, entry).close()
    packed, tag = Zip(parcel.entries, storage), _tag(parcel)
    status, part = asked_for(tag, now(), len(packed))  # a date can't tell what was taken out
    body = _told(_cut(_gathered(packed), part), name) if status in {WHOLE, PARTIAL} else None
    response = Response(body, status, mimetype="application/zip")
    response.headers["ETag"] = f'"{tag}"'
    response.headers["Content-Disposition"] = content_disposition(f"{name}.zip", download=True)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    measure(response, part, len(packed))
    return response


def _tag(parcel: Parcel) -> str:
    """What two zips share when they are the same, byte for byte."""
    return hashlib.sha256(repr(parcel.entries).encode()).hexdigest()


def _cut(blocks: Iterator[bytes], part: Part) -> Iterator[bytes]:
    """The bytes of ``part``; those before it are made, for what follows depends on them."""
    before, left = part
    for block in blocks:
        wanted = block[before : before + left]
        before = max(0, before - len(block))
        if wanted:
            left -= len(wanted)
            yield wanted
        if not left:
            return


def _opened(storage: Storage, entry: Entry) -> BinaryIO:
    """:raise RuntimeError: if the bytes are gone, or not as many as the row says"""
    id = cast(UUID, entry.blob_id)
    try:
        blob = storage.open(id)
    except FileNotFoundError as error:
        raise RuntimeError(f"blob {id} has lost its bytes") from error
    if blob.seek(0, os.SEEK_END) != entry.size:
        blob.close()
        raise RuntimeError(f"blob {id} isn't as long as its row says")
    blob.seek(0)
    return blob


def _read(storage: Storage, entry: Entry) -> Iterator[bytes]:
    """The bytes of a file, which is opened when its turn comes."""
    with _opened(storage, entry) as blob:
        left = entry.size
        while block := blob.read(min(BLOCK, left)):
            left -= len(block)
            yield block


def _gathered(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same in fewer pieces: headers and small files travel together."""
    few: list[bytes] = []
    size = 0
    for block in blocks:
        few.append(block)
        size += len(block)
        if size >= BLOCK // 4:
            yield from few if len(block) == BLOCK else [b"".join(few)]
            few, size = [], 0
    yield b"".join(few)


def _told(blocks: Iterator[bytes], name: str) -> Iterator[bytes]:
    """The same; the log says why it broke off, for the server only sees that it did."""
    try:
        yield from blocks
    except (OSError, RuntimeError):
        logging.getLogger("frontdesk").exception("The zip of “%s” broke off", name)
        raise
