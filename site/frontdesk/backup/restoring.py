"""Put a backup back into an empty place, and prove it before the site may start."""

from __future__ import annotations

import tarfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from flask import current_app

from frontdesk import locks, startup
from frontdesk.backup import dump, keys, mark, source
from frontdesk.backup.members import Damaged
from frontdesk.backup.putting import Refused, Room
from frontdesk.db import db

MOST_TOLD = 20


@dataclass(slots=True)
class Restored:
    """What was put back, or read: ``wrong`` in sentences, nothing if all is as it was backed up.

    ``damaged`` are members that were damaged when the backup was made.
    """

    made_at: str
    version: str
    files: int
    bytes: int
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def check(path: Path, *, key: str = "", snapshot: str = "") -> Restored:
    """Read all of a backup, and put nothing anywhere.

    :raise Refused: if it isn't one, or can't be opened
    """
    began, tally = time.monotonic(), source.Tally({})
    with _said(path), source.opened(path, key=key, snapshot=snapshot) as backup:
        with closing(backup.each()) as arriving:
            for arrived in arriving:
                tally.found[arrived.name] = source.drain(arrived)
        return _result(backup, tally, began)


def restore(path: Path, *, key: str = "", snapshot: str = "") -> Restored:
    """Fill this site's empty instance. Until that is done and verified, it doesn't start.

    :raise Refused: if the instance isn't empty, or the backup isn't whole
    """
    instance = Path(current_app.instance_path)
    busy = Refused(f"Another restore or backup goes on in {instance}. Wait for its end.")
    with locks.alone(instance / mark.LOCK, busy):
        return _restored(path, key, snapshot)


def _restored(path: Path, key: str, snapshot: str) -> Restored:
    began, app = time.monotonic(), cast(Any, current_app)._get_current_object()
    instance, tally = Path(app.instance_path), source.Tally({})
    room = Room(app, began_before=mark.is_there(instance))
    db.engine.dispose()
    with _said(path), source.opened(path, key=key, snapshot=snapshot) as backup:
        with closing(backup.each()) as arriving:
            for arrived in arriving:
                room.begin(arrived.name)
                tally.found[arrived.name] = room.put(arrived)
        restored = _result(backup, tally, began)
        _refuse_wrong(restored)
        header = backup.header
        room.check_database(header.database, header.revision, startup.newest_revision())
        room.put_database()
        room.check_key()
        mark.remove(instance)
    restored.notes = room.notes
    return restored


def _result(backup: source.Source, tally: source.Tally, began: float) -> Restored:
    header = backup.header
    return Restored(
        header.made_at,
        header.version,
        header.counts.get("blobs", 0),
        sum(size for size, _ in tally.found.values()),
        round(time.monotonic() - began, 3),
        tally.compare(backup),
        [f"{one.name} {one.damaged}." for one in backup.members if one.damaged],
    )


def _refuse_wrong(restored: Restored) -> None:
    if restored.wrong:
        more = len(restored.wrong) - MOST_TOLD
        said = restored.wrong[:MOST_TOLD] + ([f"And {more} more."] if more > 0 else [])
        raise Damaged(" ".join(said))


@contextmanager
def _said(path: Path) -> Iterator[None]:
    """Say what is wrong with the backup, or with the place for it, in one way."""
    try:
        yield
    except (Damaged, keys.BadKey) as no:
        raise Refused(f"{path}: {no}") from no
    except tarfile.TarError as error:
        raise Refused(f"{path}: It was changed or cut.") from error
    except dump.NoDump as no:
        raise Refused(str(no)) from no
    except OSError as error:
        raise Refused(f"{error.filename or path}: {error.strerror or error}.") from error
