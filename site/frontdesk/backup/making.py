"""Make a backup: the database first, then the files that it names, while the site runs."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from frontdesk import locks
from frontdesk.backup import archive, contents, dump, history, keys, mark, pruning
from frontdesk.backup.folder import Folder, Snapshot, Taken
from frontdesk.backup.members import Damaged, Header, Item, Member, Writer
from frontdesk.db import db
from frontdesk.files import pausing, service

NAMED = "%Y-%m-%dT%H%M%S-%fZ"
Tell = Callable[[str], object]


class NoBackup(Exception):
    """None was made; the message says why, and what to do."""


FAILURES = (NoBackup, Taken, dump.NoDump, keys.BadKey, SQLAlchemyError, OSError)


class Target(Protocol):
    """What takes members: an archive or a folder."""

    header: Header
    written: Writer

    def begin(self) -> None:
        """Before the first."""

    def put(self, item: Item) -> Member:
        """Keep it; an ``OSError`` is the target's."""

    def end(self, left_out: list[str]) -> None:
        """After the last."""


@dataclass(slots=True)
class Made:
    """A backup. ``added`` objects are new in its folder; ``damaged`` members aren't what they
    should be; ``rotten`` objects of earlier backups weren't any more. ``unpruned`` is why old ones
    could not be removed; ``noted`` if the log took it.
    """

    where: str
    name: str
    files: int
    bytes: int
    seconds: float
    damaged: list[Member]
    left_out: list[str]
    added: int = 0
    removed: int = 0
    rotten: list[str] = field(default_factory=list)
    unpruned: str = ""
    noted: bool = True


def is_folder(target: str) -> bool:
    """Whether ``target`` means a folder of backups, and not one archive.

    :raise NoBackup: if it may be neither
    """
    if target.endswith("/") or Path(target).is_dir():
        return True
    if target != "-" and not target.endswith((".tar", ".tar.age")):
        raise NoBackup("Name a folder, with / at its end, or an archive that ends in .tar.")
    return False


def make(target: str, *, key: str = "", keep: int = 0) -> Made:
    """Make a backup at ``target``: a folder, an archive, or ``-`` for one on standard output.

    Its deed, or why it failed, is noted in the log.

    :raise NoBackup: if none was made
    """
    try:
        made = _made(target, key, keep)
    except FAILURES as error:
        why = _why(error, target)
        history.noted(history.FAILED, why=why, where=_absolute(target))
        raise NoBackup(why) from error
    made.noted = _note(made, bool(key))
    return made


def _why(error: Exception, target: str) -> str:
    if isinstance(error, OSError):
        return f"{target} can't be written: {error.strerror or error}. No backup was made."
    if isinstance(error, SQLAlchemyError):
        said = getattr(error, "orig", None) or error
        return f"The database can't be read: {said}. No backup was made."
    return str(error)


def _made(target: str, key: str, keep: int) -> Made:
    began, to = time.monotonic(), keys.recipients(key) if key else []
    busy = NoBackup("Another backup is being made. Wait for its end.")
    lock = Path(current_app.instance_path) / mark.LOCK
    with locks.alone(lock, busy), pausing.paused(), dump.spooled() as path:
        taken = dump.take(path)
        db.session.rollback()
        header = _header(taken, bool(to))
        make = _into_folder if is_folder(target) else _into_archive
        made = make(target, header, taken, to, keep)
    made.seconds = round(time.monotonic() - began, 3)
    return made


def _into_archive(target: str, header: Header, taken: dump.Dump, to: list[Any], keep: int) -> Made:
    if target != "-" and Path(target).exists():
        raise NoBackup(f"{target} is there already. Choose another name.")
    with archive.writing(target, header, Path(current_app.instance_path), to) as tar:
        _fill(tar, taken)
    return _result(tar, _absolute(target), Path(target).name)


def _into_folder(target: str, header: Header, taken: dump.Dump, to: list[Any], keep: int) -> Made:
    with closing(Folder(Path(target))) as folder:
        folder.sweep()
        rotten = folder.reread(datetime.now(UTC).toordinal())
        date = _free_date(folder)
        snapshot = Snapshot(folder, header, to, _names_key(to))
        with snapshot.being_made(date):
            _fill(snapshot, taken)
        made = _result(snapshot, _absolute(target), date)
        made.added, made.rotten = snapshot.added, rotten
        try:
            made.removed = pruning.prune(folder, keep)
        except (OSError, Damaged) as error:  # there is a backup all the same
            made.unpruned = getattr(error, "strerror", "") or str(error)
    return made


def _fill(target: Target, taken: dump.Dump) -> None:
    left_out = list(contents.LEFT_OUT)
    target.begin()
    for item in contents.items(taken, left_out):
        target.put(item)
    target.end(left_out)


def _result(target: Target, where: str, name: str) -> Made:
    written, counts = target.written, target.header.counts
    said = written.damaged, written.left_out
    return Made(where, name, counts["blobs"], written.bytes, 0.0, *said)


def _header(taken: dump.Dump, encrypted: bool) -> Header:
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    return Header(made_at, _version(), taken.revision, taken.database, encrypted, taken.counts)


def _version() -> str:
    with suppress(PackageNotFoundError):
        return version("frontdesk")
    lines = (Path(current_app.root_path) / "pyproject.toml").read_text(encoding="utf-8")
    return next(line.split('"')[1] for line in lines.splitlines() if line.startswith("version"))


def _free_date(folder: Folder) -> str:
    """The name of a backup of this moment; later than all there, whatever the clock says."""
    moment = datetime.now(UTC)
    if dates := folder.dates():
        latest = datetime.strptime(dates[-1], NAMED).replace(tzinfo=UTC)
        moment = max(moment, latest + timedelta(microseconds=1))
    return moment.strftime(NAMED)


def _names_key(to: list[Any]) -> bytes:
    """What is encrypted for somebody else has another name: they might not open what is there."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    text = " ".join(["frontdesk backup names", *sorted(map(str, to))])
    return hmac.digest(key, text.encode(), hashlib.sha256)


def _absolute(target: str) -> str:
    return "standard output" if target == "-" else str(Path(target).absolute())


def _note(made: Made, encrypted: bool) -> bool:
    return history.noted(
        history.MADE,
        where=made.where,
        name=made.name,
        files=made.files,
        bytes=made.bytes,
        damaged=len(made.damaged),
        rotten=len(made.rotten),
        near=_is_near(Path(made.where)),
        encrypted=encrypted,
    )


def _is_near(path: Path) -> bool:
    """Whether it lies on the disk that the files are on: one broken disk takes both."""
    with suppress(OSError):
        return path.stat().st_dev == service.storage().beside("uploads").stat().st_dev
    return False
