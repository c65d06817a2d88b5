"""Give blobs that are damaged here their bytes back, out of a backup that has them whole."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from uuid import UUID

from frontdesk.backup import keys, source
from frontdesk.backup.members import Damaged
from frontdesk.files import service

Wanted = Mapping[UUID, tuple[int, str]]


class NoRepair(Exception):
    """A backup can't be read; the message says why."""


def repair(path: Path, key: str, wanted: Wanted) -> Iterator[UUID]:
    """Those that could be put right, of ``wanted`` by id with length and SHA-256.

    What comes is compared before it takes their place; what was there is kept aside, in the
    storage's folder ``damaged``. A folder's backups are asked one after the other, the latest
    first; one that can't be read is passed over.

    :raise NoRepair: if there is none that can be read
    """
    left, unread = dict(wanted), list[NoRepair]()
    names = source.names(path) or [""]
    for name in reversed(names):
        if left:
            try:
                yield from _from(path, key, name, left)
            except NoRepair as no:
                unread.append(no)
    if len(unread) == len(names):
        raise unread[0]


def _from(path: Path, key: str, name: str, left: dict[UUID, tuple[int, str]]) -> Iterator[UUID]:
    try:
        with (
            source.opened(path, key=key, snapshot=name) as backup,
            closing(backup.each({f"blobs/{id}" for id in left})) as arriving,
        ):
            for arrived in arriving:
                id = UUID(arrived.name.partition("/")[2])
                if id in left and _put_back(arrived, id, *left[id]):
                    del left[id]
                    yield id
    except (Damaged, keys.BadKey) as no:
        raise NoRepair(f"{path}: {no}") from no
    except (OSError, tarfile.TarError) as error:
        why = getattr(error, "strerror", None) or "it was changed or cut"
        raise NoRepair(f"{path}: {why}.") from error


def _put_back(arrived: source.Arrived, id: UUID, size: int, sha256: str) -> bool:
    """Whether the bytes are right. Where the row knows no SHA-256 yet, their length decides."""
    with service.storage().begin(id) as staged:
        found = source.drain(arrived, staged.write)
        if found[0] != size or (sha256 and found[1] != sha256):
            return False
        service.storage().set_aside(id)
        staged.keep()
    return True
