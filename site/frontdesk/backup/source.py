"""Read a backup, whichever form it has: its members one after the other, then its manifest.

Whoever takes a member computes its hash; what came is compared with the manifest in the end.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Container, Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from frontdesk.backup import keys
from frontdesk.backup.folder import (
    IS_MANIFEST,
    MARK,
    OBJECTS,
    SEALED,
    SNAPSHOTS,
    checked,
    dates,
)
from frontdesk.backup.members import MANIFEST, Damaged, Header, Member, check_name, read
from frontdesk.backup.place import OPEN_FOLDER, Place

BLOCK = 1 << 20


@dataclass(slots=True)
class Arrived:
    """A member that is being read."""

    name: str
    stream: BinaryIO


class Source:
    """A backup to read. ``header`` and ``members`` are there once all have been given."""

    header: Header
    members: list[Member]

    def each(self, only: Container[str] | None = None) -> Generator[Arrived, None, None]:
        """All members, settings first; or only those of these names.

        :raise Damaged: if it isn't whole. :raise BadKey: if another key is needed
        """
        raise NotImplementedError

    def take_manifest(self, lines: BinaryIO) -> None:
        """Read all of it."""
        self.header, members = read(lines)
        self.members = list(members)


@contextmanager
def opened(path: Path, *, key: str = "", snapshot: str = "") -> Iterator[Source]:
    """The backup at ``path``; of a folder the latest, or that of a name.

    :raise Damaged: if it is none. :raise BadKey: if its key is missing
    """
    with ExitStack() as stack:
        if path.is_dir():
            yield _Snapshot(stack, path, snapshot, key)
        else:
            yield _Tar(path, key)


def names(path: Path) -> list[str]:
    """Of the backups in a folder, the oldest first; nothing for an archive, or what is neither."""
    with suppress(OSError):
        return dates(os.listdir(path / SNAPSHOTS))  # noqa: PTH208
    return []


class _Tar(Source):
    def __init__(self, path: Path, key: str) -> None:
        self._path, self._key = path, key

    def each(self, only: Container[str] | None = None) -> Generator[Arrived, None, None]:
        try:
            with self._path.open("rb") as raw, _unsealed(raw, self._key) as plain:
                for arrived in self._each(plain):
                    if only is None or arrived.name in only:
                        yield arrived
        except tarfile.TarError as error:
            raise Damaged("It isn't whole, or no archive of Frontdesk.") from error
        except OSError as error:
            raise Damaged(f"It can't be read: {error.strerror or error}.") from error

    def _each(self, plain: BinaryIO) -> Iterator[Arrived]:
        with tarfile.open(fileobj=plain, mode="r|", bufsize=BLOCK) as tar:
            for entry in tar:
                stream = _content(tar, entry)
                if entry.name == MANIFEST:
                    self.take_manifest(stream)
                else:
                    check_name(entry.name)
                    yield Arrived(entry.name, stream)
        if not hasattr(self, "members"):
            raise Damaged("Its end is missing: the backup was interrupted, or the file was cut.")
        while plain.read(BLOCK):  # what follows the end: age checks all of it
            pass


def _content(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> BinaryIO:
    is_plain = entry.isreg() and not entry.issparse()  # holes cost nothing there, and a disk here
    stream = tar.extractfile(entry) if is_plain else None
    if stream is None:
        raise Damaged(f"It holds “{entry.name[:80]}”, which is no ordinary file.")
    return cast(BinaryIO, stream)


class _Snapshot(Source):
    def __init__(self, stack: ExitStack, path: Path, name: str, key: str) -> None:
        self._key, self._path = key, path
        try:
            root = Place(os.open(path.resolve(), OPEN_FOLDER))
            stack.callback(root.close)
            if root.size(MARK) < 0:
                raise Damaged(f"{path} is no folder of backups.")
            self._objects, self._snapshots = root.into(OBJECTS), root.into(SNAPSHOTS)
        except OSError as error:
            raise Damaged(f"{path} can't be read: {error.strerror}.") from error
        stack.callback(self._objects.close)
        stack.callback(self._snapshots.close)
        self._manifest = self._chosen(name)

    def _chosen(self, name: str) -> str:
        there = [one for one in self._snapshots.names() if ".jsonl" in one]
        dated = list(filter(IS_MANIFEST, there))
        named = [one for one in [*there, *dated] if one.split(".")[0] == name]
        chosen = named if name else dated  # the last: one that we dated, if there is one
        if not chosen:
            said = ", ".join(one.split(".")[0] for one in there) or "none"
            raise Damaged(f"{self._path} has no backup “{name}”. There are: {said}.")
        return chosen[-1]

    def each(self, only: Container[str] | None = None) -> Generator[Arrived, None, None]:
        with self._snapshots.open(self._manifest) as raw, _unsealed(raw, self._key) as lines:
            self.take_manifest(lines)
        for member in self.members:
            if member.kept_as and (only is None or member.name in only):
                with suppress(Damaged), self.opened(member) as stream:  # it is seen in the end
                    yield Arrived(member.name, stream)

    @contextmanager
    def opened(self, member: Member) -> Iterator[BinaryIO]:
        """The object that a member is kept as."""
        try:
            place = self._objects.into(member.kept_as[:2])
        except OSError as error:
            raise Damaged(f"{member.name} is missing.") from error
        try:
            with checked(place, member.kept_as) as raw:
                if not member.kept_as.endswith(SEALED):
                    yield raw
                    return
                with _unsealed(raw, self._key) as plain:
                    yield plain
        finally:
            place.close()


@contextmanager
def _unsealed(raw: BinaryIO, key: str) -> Iterator[BinaryIO]:
    if not keys.is_sealed(raw):
        yield raw
        return
    if not key:
        raise keys.BadKey("The backup is encrypted. Give its secret key with --key FILE.")
    with keys.opened(raw, keys.identities(key)) as plain:
        yield plain


@dataclass(slots=True)
class Tally:
    """What came: by name its length and SHA-256."""

    found: dict[str, tuple[int, str]]

    def compare(self, source: Source) -> list[str]:
        """In sentences, where it isn't what the manifest says."""
        wrong = []
        wanted = {one.name: (one.size, one.sha256) for one in source.members if one.sha256}
        for name, facts in wanted.items():
            if self.found.get(name) != facts:
                there = "isn't what was backed up" if name in self.found else "is missing"
                wrong.append(f"{name} {there}.")
        known = {one.name for one in source.members}
        wrong += [f"{name} is in no manifest." for name in self.found if name not in known]
        return wrong


def drain(arrived: Arrived, write: Any = None) -> tuple[int, str]:
    """Read a member to its end, into ``write`` if it is to be kept: its length and SHA-256."""
    hashed, size = hashlib.sha256(), 0
    while block := arrived.stream.read(BLOCK):
        hashed.update(block)
        size += len(block)
        if write:
            write(block)
    return size, hashed.hexdigest()
