"""Backups in one folder: what two of them share lies there once.

``objects/ab/NAME`` is content, named by its SHA-256; under a key by an HMAC of it, another
for each key, which tells nothing but that two are equal. ``snapshots/DATE.jsonl`` is a backup's
manifest, written last, and ``DATE.objects`` the objects that it needs, so that old ones can be
removed without the secret key; its last line is a SHA-256 of the others.
Nothing in the folder is followed that is a link.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, cast

from frontdesk.backup import keys
from frontdesk.backup.copying import Copied, copy, looked_at
from frontdesk.backup.members import Damaged, Header, Item, Member, Writer
from frontdesk.backup.place import DRAFT, OPEN_FOLDER, Place

MARK = "frontdesk-backup"
OBJECTS, SNAPSHOTS = "objects", "snapshots"
SEALED, ROTTEN = ".age", ".damaged"
HASH = 64  # letters of a SHA-256
TURNS = 30
# What else lies there, as copies that a program for syncing makes, is no backup.
IS_MANIFEST = re.compile(r"\d{4}-\d\d-\d\dT\d{6}-\d{6}Z\.jsonl(\.age)?").fullmatch


class Taken(Exception):
    """The folder can't be used now; the message says why."""


class Folder:
    """The folder at ``path``, made if it isn't there, in our hands alone while it is open.

    :raise Taken: if it holds something else, or another backup is at it
    :raise OSError: if it can't be made or written
    """

    def __init__(self, path: Path) -> None:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.root = Place(os.open(path.resolve(), OPEN_FOLDER))
        self.path = path
        try:
            self._take()
        except BaseException:
            self.root.close()
            raise

    def _take(self) -> None:
        if self.root.size(MARK) < 0:
            if self.root.names():
                raise Taken(
                    f"{self.path} holds something else. Name an empty folder, or a new one."
                )
            with self.root.draft() as (file, draft):
                file.write(b"Backups of Frontdesk, format 1. `flask restore` reads them.\n")
                self.root.keep(file, draft, MARK, self.root)
        self._lock = self.root.open(MARK)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.objects, self.snapshots = self.root.sub(OBJECTS), self.root.sub(SNAPSHOTS)
        except BlockingIOError:
            self._lock.close()
            raise Taken(f"Another backup is at {self.path}. Wait for its end.") from None
        except OSError:
            self._lock.close()
            raise

    def close(self) -> None:
        for place in (self.objects, self.snapshots, self.root):
            place.close()
        self._lock.close()

    def sweep(self) -> None:
        """Remove what a backup that was killed has left."""
        for place in (self.root, self.objects, self.snapshots):
            for name in place.names():
                if name.startswith(DRAFT):
                    place.remove(name)

    def reread(self, turn: int) -> list[str]:
        """Read a part of the objects again, another each turn; those that rotted, put aside.

        So the backup that is made next stores them anew. What can't be read counts as rotten; what
        is encrypted can't be told.
        """
        rotten = []
        for shard in [name for name in self.objects.names() if _has_turn(name, turn)]:
            with closing(self.objects.into(shard)) as place:
                for name in [name for name in place.names() if len(name) == HASH]:
                    if _sha256(place, name) != name:
                        os.rename(name, name + ROTTEN, src_dir_fd=place.at, dst_dir_fd=place.at)
                        rotten.append(name)
        return rotten

    def dates(self) -> list[str]:
        """The names of its backups, the oldest first."""
        return dates(self.snapshots.names())

    def all_names(self) -> set[str]:
        """Of all, those included that somebody gave another name, to keep them."""
        return {name.split(".")[0] for name in self.snapshots.names() if ".jsonl" in name}


def dates(names: Iterable[str]) -> list[str]:
    """Those of manifests among these, the oldest first."""
    return sorted(name.split(".")[0] for name in names if IS_MANIFEST(name))


def _sha256(place: Place, name: str) -> str:
    """Of what lies there; empty if the disk doesn't give it."""
    try:
        with place.open(name) as file:
            return hashlib.file_digest(cast(BufferedReader, file), "sha256").hexdigest()
    except OSError:
        return ""


def _has_turn(shard: str, turn: int) -> bool:
    try:
        return int(shard, 16) % TURNS == turn % TURNS
    except ValueError:
        return False


class Snapshot:
    """One backup in a folder, while it is being made."""

    def __init__(self, folder: Folder, header: Header, to: list[Any], secret: bytes) -> None:
        self._folder, self._to, self._secret = folder, to, secret
        self.header = header
        self._shards = dict[str, Place]()
        self.added = 0

    @contextmanager
    def being_made(self, date: str) -> Iterator[Snapshot]:
        """Its manifest gets its name at the very end; before, there is no backup."""
        place = self._folder.snapshots
        try:
            with place.draft() as (manifest, draft), place.draft() as (needed, names):
                self._needed, self._needs, self._plain = needed, hashlib.sha256(), manifest
                with self._sealed(manifest) as sink:
                    self.written = Writer(sink)
                    yield self
                needed.write(f"{self._needs.hexdigest()}\n".encode())
                place.keep(needed, names, f"{date}.objects", place)
                ending = SEALED if self._to else ""
                place.keep(manifest, draft, f"{date}.jsonl{ending}", place)
        finally:
            for shard in self._shards.values():
                shard.close()

    def begin(self) -> None:
        self.written.begin(self.header)

    def end(self, left_out: list[str]) -> None:
        """The last lines; the names come when :meth:`being_made` ends."""
        self.written.end(left_out)

    def put(self, item: Item) -> Member:
        """Keep it, unless the folder has it already."""
        name = self._named(item.sha256) if item.sha256 else ""
        if name and self._has(name, item.size):
            member = Member(item.name, item.size, item.sha256, looked_at(item), name)
        else:
            member = self._copied(item)
        if member.kept_as:
            line = f"{member.kept_as}\n".encode()
            self._needed.write(line)
            self._needs.update(line)
        self.written.add(member)
        return member

    def _copied(self, item: Item) -> Member:
        with self._folder.objects.draft() as (file, draft):
            with self._sealed(file) as sink:
                copied = copy(item, sink.write)
            if not copied.sha256:
                return Member(item.name, 0, "", copied.damaged)
            member = self._member(item, copied)
            if not self._has(member.kept_as, copied.size):
                self._folder.objects.keep(file, draft, member.kept_as, self._shard(member.kept_as))
                self.added += 1
            return member

    def _member(self, item: Item, copied: Copied) -> Member:
        name = self._named(copied.sha256)
        return replace(Member(item.name, copied.size, copied.sha256, copied.damaged), kept_as=name)

    def _named(self, sha256: str) -> str:
        if not self._to:
            return sha256
        return hmac.new(self._secret, sha256.encode(), hashlib.sha256).hexdigest() + SEALED

    def _has(self, name: str, size: int) -> bool:
        """Whether it is there in its length; what is encrypted is a little longer."""
        found = self._shard(name).size(name)
        return found == size if not self._to else found > size

    def _shard(self, name: str) -> Place:
        if name[:2] not in self._shards:
            self._shards[name[:2]] = self._folder.objects.sub(name[:2])
        return self._shards[name[:2]]

    @contextmanager
    def _sealed(self, out: BinaryIO) -> Iterator[BinaryIO]:
        if not self._to:
            yield out
            return
        with keys.sealing(out, self._to) as sink:
            yield sink


def checked(place: Place, name: str) -> BinaryIO:
    """:raise Damaged: if there is no such object"""
    try:
        return place.open(name)
    except OSError as error:
        raise Damaged(f"Its object {name} can't be read: {error.strerror}.") from error
