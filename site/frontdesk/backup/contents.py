"""What belongs into a backup: settings, key and theme, the database, uploads, and all blobs.

What the site makes by itself again is left out: thumbnails, previews, jobs' queue, static files.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from flask import current_app

from flask_resumable.store import record
from frontdesk.backup.dump import Dump
from frontdesk.backup.members import Item, of_bytes
from frontdesk.files import service

REGULAR = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
LEFT_OUT = [
    "thumbnails, previews and static files, which the site makes again",
    "letters kept in a folder, and settings that come from the environment",
]


def items(dump: Dump, left_out: list[str]) -> Iterator[Item]:
    """All of it, settings first. What can't be taken is told in ``left_out``."""
    yield from _settings(left_out)
    yield Item(dump.name, dump.path.stat().st_size, partial(_open, dump.path))
    for id in dump.uploads:
        yield from _upload(id, left_out)
    for id, size, sha256 in dump.blobs:
        yield Item(f"blobs/{id}", size, partial(service.storage().open, id), sha256)


def _settings(left_out: list[str]) -> Iterator[Item]:
    instance = Path(current_app.instance_path)
    own = instance / "config.py"
    if own.exists():
        yield of_bytes("instance/config.py", _bytes(own))
    yield of_bytes("instance/secret-key", _secret_key(instance / "secret-key"))
    theme = Path(str(current_app.config["THEME"]))
    for path in sorted(theme.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            left_out.append(f"theme/{path.relative_to(theme)}, which is no ordinary file")
        elif path.is_file():
            yield of_bytes(f"instance/theme/{path.relative_to(theme).as_posix()}", _bytes(path))


def _secret_key(path: Path) -> bytes:
    """The one in use, wherever it comes from: what was sealed with it is lost without."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    kept = _bytes(path) if path.exists() else b""
    return kept if kept.strip() == key else key


def _bytes(path: Path) -> bytes:
    with _open(path) as file:
        return file.read()


def _open(path: Path) -> BinaryIO:
    """:raise OSError: if it isn't an ordinary file"""
    file = os.open(path, REGULAR)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise FileNotFoundError(f"{path} is no ordinary file")
    return os.fdopen(file, "rb")


def _upload(id: UUID, left_out: list[str]) -> Iterator[Item]:
    """An unfinished upload: the bytes that were acknowledged, the promise, and the facts last.

    One that was finished since the database was copied is made unfinished again: after a restore
    the site finishes it at its start.
    """
    folder = service.storage().beside("uploads") / "staging"
    try:
        found = _taken(folder, id)
    except (OSError, ValueError):
        left_out.append(f"upload {id}, which ended meanwhile")
        return
    yield from found


def _taken(folder: Path, id: UUID) -> list[Item]:
    data = _opener(folder / str(id), service.storage().path(id))
    with _open(folder / f"{id}.lock") as lock:
        promise = lock.read()
        _, offset, _ = record.read(lock.fileno())
    facts = json.loads(_bytes(folder / f"{id}.json"))
    if facts["finished"] or facts["settled"]:
        facts |= {"finished": False, "settled": "", "note": {}}
    found = [of_bytes(f"uploads/{id}.lock", promise)]
    if data and offset and not facts["joined"]:
        found.insert(0, Item(f"uploads/{id}", offset, data, grows=True))
    return [*found, of_bytes(f"uploads/{id}.json", json.dumps(facts).encode())]


def _opener(*places: Path) -> Callable[[], BinaryIO] | None:
    """How to open the bytes of an upload, though they be moved in the meantime."""
    for path in places:
        try:
            with _open(path):
                return partial(_first, *places)
        except OSError:
            continue
    return None


def _first(*places: Path) -> BinaryIO:
    for path in places:
        try:
            return _open(path)
        except FileNotFoundError:
            continue
    raise FileNotFoundError(str(places[0]))
