"""Old backups leave a folder, and with them what no other needs."""

from __future__ import annotations

import hashlib
import os

from frontdesk.backup.folder import ROTTEN, Folder
from frontdesk.backup.members import Damaged


def prune(folder: Folder, keep: int) -> int:
    """Remove all backups but the latest ``keep``, then what no backup needs; how many.

    :raise Damaged: if what another one needs can't be known; then nothing was removed
    """
    old = folder.dates()[:-keep] if keep else []
    if not old:
        return 0
    needed = {one for name in folder.all_names() - set(old) for one in _needed_by(folder, name)}
    for name in folder.snapshots.names():
        if name.split(".")[0] in old:
            folder.snapshots.remove(name)
    os.fsync(folder.snapshots.at)
    _remove_all_but(folder, needed)
    return len(old)


def _needed_by(folder: Folder, name: str) -> list[str]:
    """A wrong letter in it would have another object removed, and this one's with it."""
    with folder.snapshots.open(f"{name}.objects") as file:
        *lines, seal = file.read().splitlines(keepends=True) or [b""]
    if hashlib.sha256(b"".join(lines)).hexdigest().encode() != seal.strip():
        raise Damaged(f"{name}.objects was changed, so what that backup needs isn't known.")
    return [line.decode().strip() for line in lines]


def _remove_all_but(folder: Folder, needed: set[str]) -> None:
    for shard in folder.objects.names():
        place = folder.objects.sub(shard)
        for name in place.names():
            if name not in needed and not name.endswith(ROTTEN):
                place.remove(name)
        place.close()
