"""Where the bytes lie: a file goes in, is synced, read again and removed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from flask import current_app

from frontdesk.check.finding import Finding, Line, _, ok, warn, wrong
from frontdesk.files import service as files
from frontdesk.language import size

BYTES = 64 * 1024
ROOMY = 3  # times what is kept free


def storage() -> Iterator[Finding]:
    """Whether a file can be kept, exactly as an upload is."""
    sent = secrets.token_bytes(BYTES)
    store = files.storage()
    try:
        with store.begin() as staged:
            staged.write(sent)
            staged.keep()
        with store.open(staged.id) as file:
            found = file.read()
        store.delete(staged.id)
    except OSError as error:
        said = _("The storage doesn’t keep a file: %(why)s.")
        todo = _("Let the site’s user write the folder, and look at the disk.")
        yield wrong("inside.storage", said, todo, _url(), why=error.strerror or str(error))
        return
    if found == sent:
        yield ok("inside.storage", _("A file was written, synced, moved, read and removed."))
    else:
        said = _("The storage gives back other bytes than it was given.")
        yield wrong("inside.storage", said, _("Replace the disk, and restore the backup."), _url())


def _url() -> Line:
    url = current_app.config["STORAGE_URL"]
    return Line(str(Path(current_app.instance_path) / "config.py"), f'STORAGE_URL = "{url}"')


def one_disk() -> Iterator[Finding]:
    """Whether finishing an upload is a rename: across two file systems there is none."""
    store = files.storage()
    folders = [store.beside("staging"), store.beside("uploads"), store.beside("")]
    disks = {os.stat(folder).st_dev for folder in folders if folder.exists()}  # noqa: PTH116
    if len(disks) == 1:
        yield ok("inside.one-disk", _("Uploads end by a rename on one file system."))
        return
    said = _("Unfinished uploads lie on another file system than finished files: none can end.")
    todo = _("Mount one disk over the whole folder, not over a part of it.")
    yield wrong("inside.one-disk", said, todo, Line("/etc/fstab", str(store.beside(""))))


def room() -> Iterator[Finding]:
    """Whether there is room for a while; the database's disk counts too."""
    free, floor = files.storage().free(), files.kept_free()
    if not files.has_room():
        said = _("Only %(free)s are free: nothing is taken in.")
        yield wrong("inside.room", said, _("Make room on the disk."), free=size(free))
    elif free < ROOMY * floor:
        said = _("Only %(free)s are free, and at %(floor)s nothing is taken in any more.")
        todo = _("Make room on the disk soon.")
        yield warn("inside.room", said, todo, free=size(free), floor=size(floor))
    else:
        yield ok("inside.room", _("%(free)s are free."), free=size(free))


CHECKS = (one_disk, room)
PATIENT = (storage,)  # it writes, so no page does it by itself
