"""Where files arrive: by a form, in pieces, from a program or as a copy, all in the same way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import inspect

from frontdesk import audit
from frontdesk.files import blobs, folders, history, keeping, names, thumbnails
from frontdesk.files.kinds import media_type
from frontdesk.files.models import Blob, File, Folder
from frontdesk.files.previews import sheets
from frontdesk.forms import Refused
from frontdesk.storage import Staged

HEAD = 4_096  # bytes that a file's type is read off

# What happens when a file of that name is there: the new one gets a number behind its name,
# becomes that file's newest version, or isn't taken.
OnConflict = Literal["number", "version", "refuse"]
ON_CONFLICT: tuple[OnConflict, ...] = ("number", "version", "refuse")


@dataclass(slots=True)
class Arrival:
    """The file that holds the bytes now, and what became of them.

    "same" is a file that held them already: nothing was written. ``unused`` are blobs to forget
    once the verb is committed: that copy's, and that of the oldest version, if it had to go.
    ``added`` is how many bytes of quota it takes.
    """

    file: File
    came: Literal["new", "version", "same"]
    unused: list[UUID] = field(default_factory=list)

    @property
    def added(self) -> int:
        return 0 if self.came == "same" else self.file.size


def take_in(
    member_id: UUID,
    path: list[str],
    raw_name: str,
    staged: Staged,
    on_conflict: OnConflict = "number",
    allow: Callable[[], None] = lambda: None,
) -> Arrival:
    """Keep ``staged`` at ``path``, under the safe form of ``raw_name``.

    The bytes are safe on the disk before the row is written. ``allow`` has the last word, when
    nobody else may write.

    :raise Refused: if it is empty, over a limit, the folder's name is a file's, or
        ``on_conflict`` says so
    """
    name = names.clean(raw_name)
    keeping.check(name, staged)
    staged.seek(0)
    kind = media_type(staged.read(HEAD), name)
    with keeping.kept(staged):
        allow()
        folder = folders.make(member_id, path)
        arrival = arrive(folder, name, keeping.blob_of(staged), kind, on_conflict)
        keeping.charge(member_id, arrival.added, name)
    blobs.forget(arrival.unused)
    return arrival


def arrive(
    folder: Folder,
    name: str,
    blob: Blob,
    media_type: str,
    on_conflict: OnConflict = "number",
    *,
    who: str = "",
) -> Arrival:
    """Write the rows of bytes that came for ``folder``; a part of another verb, which charges.

    ``blob`` may be new, or another file's whose copy this is. With "version" the file of that
    name keeps its id and its name's case, so that its links go on.

    :raise Refused: with "refuse", if something there has that name
    """
    there = folders.file_in(folder, name) if on_conflict == "version" else None
    if there is not None:
        return _next_version(there, blob, media_type, who)
    free = folders.free_name(folder, name)
    if free != name and on_conflict == "refuse":
        raise taken(name)
    file = File(owner_id=folder.owner_id, folder_id=folder.id, name=free, media_type=media_type)
    keeping.add(file, blob)
    thumbnails.ask(file)
    _record("file.upload", file, who)
    return Arrival(file, "new")


def taken(name: str) -> Refused:
    """The refusal of a name that something has already."""
    said = _("“%(name)s” is there already. Choose another name.", name=name)
    return Refused(said, "the_file", 409)


def _next_version(file: File, blob: Blob, media_type: str, who: str) -> Arrival:
    """What ``file`` held becomes a version of it, unless it is these very bytes."""
    history.lock(file)
    if blob.sha256 and blob.sha256 == file.blob.sha256:
        return Arrival(file, "same", [blob.id] if inspect(blob).transient else [])
    dropped = history.put(file, blob, media_type)
    thumbnails.ask(file)
    _record("file.version", file, who, version=file.version)
    return Arrival(file, "version", dropped)


def _record(what: str, file: File, who: str, **facts: int) -> None:
    audit.record(what, member_id=file.owner_id, who=who, file=str(file.id), size=file.size, **facts)
    if sheets.wanted(file.media_type):
        sheets.ask(file.blob_id)
