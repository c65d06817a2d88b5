"""Where blobs live: one contract, and the backend that the setting names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit
from uuid import UUID

from frontdesk.storage.local import LocalStorage
from frontdesk.storage.staged import Staged

__all__ = ["LocalStorage", "Staged", "Storage", "from_url"]


class Storage(Protocol):
    """What every backend does; ``tests/storage/test_contract.py`` holds each to it."""

    def begin(self, id: UUID | None = None) -> Staged:
        """Bytes on their way in: no blob yet, gone when closed unless kept.

        They become blob ``id``, in place of one of that name, or a new one.
        """

    def open(self, id: UUID) -> BinaryIO:
        """A blob to read, from its first byte.

        :raise FileNotFoundError: if there is no such blob, or a link or device in its place
        """

    def path(self, id: UUID) -> Path:
        """Where a blob lies (or would lie), for a program that wants a file by name."""

    def delete(self, id: UUID) -> None:
        """Remove a blob; nothing happens if it is gone already."""

    def set_aside(self, id: UUID) -> None:
        """Keep a blob's bytes where nobody takes them for the blob; nothing if there are none."""

    def free(self) -> int:
        """Bytes that can still be stored."""

    def takes(self) -> bool:
        """Whether something can be written, tried with a byte; True also when only room lacks."""

    def capacity(self) -> int:
        """Bytes that the disk has in all."""

    def ids(self, older_than_seconds: float) -> Iterator[UUID]:
        """All blobs whose bytes were written so long ago."""

    def strange(self) -> Iterator[str]:
        """What lies between the blobs and is none: other names, links, devices."""

    def beside(self, name: str) -> Path:
        """A folder for bytes on their way in, from where a rename makes them a blob."""

    def sweep(self, older_than_seconds: float) -> int:
        """Remove what was begun, not kept, and left alone for so long; how many that were."""


def from_url(url: str, instance_path: str | Path) -> Storage:
    """The storage that ``STORAGE_URL`` names: ``file:files`` is a folder in ``instance_path``.

    :raise ValueError: if no backend is known by that scheme
    :raise OSError: if the folder cannot be made
    """
    parts = urlsplit(url)
    if parts.scheme != "file" or not parts.path:
        raise ValueError(f"STORAGE_URL is file:FOLDER, not {url!r}")
    return LocalStorage(Path(instance_path) / parts.path)
