"""What must be true of the database, whatever happened; see SECURITY.md, "Invariants".

Each check is a function that yields what it finds, and nothing where all is well. Each reads by
single statements, which see one moment of the database beside all writers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy import Select, String, cast, func, or_, select, text
from sqlalchemy.orm import aliased

from frontdesk.accounts.models import Invite, Member
from frontdesk.audit import LogEntry
from frontdesk.db import db
from frontdesk.files import blobs, names
from frontdesk.files.models import Blob, File, Folder, Upload, Version
from frontdesk.language import size

ARRIVED = ("file.upload", "file.version")


@dataclass(slots=True, frozen=True)
class Finding:
    """What is wrong: a ``kind`` for programs, whom or what it is about, and a sentence."""

    kind: str
    subject: str
    says: str


Check = Callable[[], Iterator[Finding]]


def database() -> Iterator[Finding]:
    """The file itself, and that every row's parent is there."""
    if db.engine.dialect.name != "sqlite":
        return  # PostgreSQL sees to both
    connection = db.session.connection()
    for (said,) in connection.exec_driver_sql("PRAGMA integrity_check"):
        if said != "ok":
            yield Finding("database.integrity", "", f"The database is damaged: {said}.")
    for table, row, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        says = f"Row {row} of {table} belongs to a row of {parent} that isn't there."
        yield Finding("database.parent", f"{table} {row}", says)


def used() -> Iterator[Finding]:
    """A member has used the sum of their files, and of what only their posts hold.

    The bin, versions and the picture are files too.
    """
    files = _sum(File.size).where(File.owner_id == Member.id)
    versions = _sum(Version.size).join(File, File.id == Version.file_id)
    versions = versions.where(File.owner_id == Member.id)
    posted = _sum(Blob.size).where(Blob.kept_for == Member.id)
    total = files.scalar_subquery() + versions.scalar_subquery() + posted.scalar_subquery()
    for name, noted, real in _members(Member.used, total):
        says = f"{name} has files of {real} bytes, and {noted} are counted."
        yield Finding("member.used", name, says)


def reserved() -> Iterator[Finding]:
    """What is held of a quota is the sum of what open uploads hold."""
    held = _sum(Upload.reserved).where(Upload.owner_id == Member.id).scalar_subquery()
    for name, noted, real in _members(Member.reserved, held):
        says = f"Uploads of {name} hold {real} bytes, and {noted} are counted."
        yield Finding("member.reserved", name, says)


def quota() -> Iterator[Finding]:
    """Nobody has more than their quota. One that was lowered since is said as well."""
    most = func.coalesce(Member.quota, current_app.config["QUOTA"])
    over = select(Member.username, Member.used + Member.reserved, most)
    for name, has, may in db.session.execute(over.where(Member.used + Member.reserved > most)):
        says = f"{name} has {size(has)}, and a quota of {size(may)}."
        yield Finding("member.quota", name, says)


def sizes() -> Iterator[Finding]:
    """Whatever points at a blob gives it the size that it has."""
    for column in blobs.pointing_at():
        table = column.table
        if "size" in table.c:
            wrong = select(column, table.c.size, Blob.size).join(Blob, Blob.id == column)
            for id, noted, real in db.session.execute(wrong.where(table.c.size != Blob.size)):
                says = f"A row of {table.name} says {noted} bytes of blob {id}, which has {real}."
                yield Finding("blob.size", str(id), says)


def unhashed() -> Iterator[Finding]:
    """The SHA-256 of large wholes is found by the purge, within a day."""
    late = select(Blob.id).where(Blob.sha256 == "", Blob.created_at < blobs.long_ago())
    for id in db.session.scalars(late):
        yield Finding("blob.unhashed", str(id), f"The SHA-256 of blob {id} was never computed.")


def unused() -> Iterator[Finding]:
    """No blob is kept that nothing points at; the purge takes care of them."""
    for id in db.session.scalars(blobs.unused().where(Blob.created_at < blobs.long_ago())):
        yield Finding("blob.unused", str(id), f"Nothing points at blob {id}. Run flask purge.")


def counters() -> Iterator[Finding]:
    """A folder's counters say what lies in it."""
    inside = File.folder_id == Folder.id, File.deleted_at.is_(None)
    inner = aliased(Folder)
    count = select(func.count()).select_from(File).where(*inside).scalar_subquery()
    folders = select(func.count()).select_from(inner)
    folders = folders.where(inner.parent_id == Folder.id, inner.deleted_at.is_(None))
    real = count, _sum(File.size).where(*inside).scalar_subquery(), folders.scalar_subquery()
    noted = Folder.files_in, Folder.bytes_in, Folder.folders_in
    differ = or_(*(one != other for one, other in zip(noted, real, strict=True)))
    for row in db.session.execute(select(Folder.id, Folder.path, *noted, *real).where(differ)):
        says = (
            f"Folder “{row.path}” ({row.id}) counts {row[2]} files of {row[3]} bytes and {row[4]} "
            f"folders; in it are {row[5]} of {row[6]} bytes and {row[7]}."
        )
        yield Finding("folder.counters", str(row.id), says)


def paths() -> Iterator[Finding]:
    """A folder's path is its parent's and its name; what lies in the bin is renamed on its way."""
    parent = aliased(Folder)
    wrong = or_(
        Folder.path != _joined(parent.path, Folder.name),
        Folder.path_key != _joined(parent.path_key, Folder.name_key),
        Folder.owner_id != parent.owner_id,
        parent.deleted_at.is_not(None),
    )
    joined = select(Folder.id, Folder.path).join(parent, parent.id == Folder.parent_id)
    outermost = select(Folder.id, Folder.path).where(
        Folder.parent_id.is_(None), or_(Folder.path != "", Folder.deleted_at.is_not(None))
    )
    for statement in (joined.where(Folder.deleted_at.is_(None), wrong), outermost):
        for id, path in db.session.execute(statement):
            says = f"Folder “{path}” ({id}) isn't where its path says."
            yield Finding("folder.path", str(id), says)


def owners() -> Iterator[Finding]:
    """A file is its folder's owner's."""
    joined = select(File.id).join(Folder, Folder.id == File.folder_id)
    for id in db.session.scalars(joined.where(Folder.owner_id != File.owner_id)):
        yield Finding("file.owner", str(id), f"File {id} lies in another member's folder.")


def keys() -> Iterator[Finding]:
    """What makes two names the same is made of the name."""
    for model, kind in ((File, "file"), (Folder, "folder")):
        rows = select(model.id, model.name, model.name_key).execution_options(yield_per=1_000)
        for id, name, key in db.session.execute(rows):
            if names.key(name) != key:
                says = f"The name of {kind} {id}, “{name}”, isn't found by its key “{key}”."
                yield Finding(f"{kind}.key", str(id), says)


def search() -> Iterator[Finding]:
    """What can be found is what is there, by the name that it has."""
    if db.engine.dialect.name != "sqlite":
        return  # there it is an index of the database's own
    for statement in SEARCH:
        for id, says in db.session.execute(text(statement)):
            yield Finding("search", id, f"The search {says} {id}.")


def invites() -> Iterator[Finding]:
    """None was used more often than it may be; tickets and codes go when they are used."""
    for id in db.session.scalars(select(Invite.id).where(Invite.uses > Invite.most_uses)):
        yield Finding("invite.uses", str(id), f"Invite {id} was used more often than it may be.")


def log() -> Iterator[Finding]:
    """Every file that came has its entry in the log; one that a copy made shares the copy's."""
    oldest = select(func.min(LogEntry.at)).scalar_subquery()
    copies = select(LogEntry.member_id).where(LogEntry.what == "selection.copy")
    came = select(File.id, _plain(cast(File.id, String))).where(
        File.folder_id.is_not(None),
        File.created_at >= oldest,
        File.owner_id.not_in(copies.where(LogEntry.member_id.is_not(None))),
    )
    named = LogEntry.facts["file"].as_string()
    noted = select(_plain(named)).where(LogEntry.what.in_(ARRIVED), named.is_not(None))
    plain = came.subquery()
    for id in db.session.scalars(select(plain.c[0]).where(plain.c[1].not_in(noted))):
        yield Finding("log", str(id), f"The log doesn't say how file {id} came.")


CHECKS: tuple[Check, ...] = (
    *(database, used, reserved, quota, sizes, unhashed, unused),
    *(counters, paths, owners, keys, search, invites, log),
)
NAMED = "thing_id = {0}.id AND s.folder_id = {0}.{1} AND s.name_key = {0}.name_key"
MISSING = (
    "SELECT id, 'doesn''t find {1}' FROM {0} WHERE {2} IS NOT NULL AND deleted_at IS NULL "
    "AND NOT EXISTS (SELECT 1 FROM search_names AS s WHERE {3})"
)
SEARCH = (
    MISSING.format("files", "file", "folder_id", NAMED.format("files", "folder_id")),
    MISSING.format("folders", "folder", "parent_id", NAMED.format("folders", "parent_id")),
    "SELECT thing_id, 'still finds' FROM search_names WHERE "
    "NOT EXISTS (SELECT 1 FROM files WHERE id = thing_id AND deleted_at IS NULL) AND "
    "NOT EXISTS (SELECT 1 FROM folders WHERE id = thing_id AND deleted_at IS NULL)",
    # Of each name its first piece, as migration 0007 cuts them.
    "SELECT thing_id, 'has no pieces of' FROM search_names AS s WHERE name_key <> '' "
    "AND NOT EXISTS (SELECT 1 FROM search_pieces WHERE rowid = s.id AND search_pieces MATCH "
    "'\"' || replace(CASE WHEN length(name_key) > 2 THEN substr(name_key, 1, 3) "
    "ELSE char(1) || substr(name_key, 1, 1) || char(1) END, '\"', '\"\"') || '\"')",
)


def _sum(column: Any) -> Select[Any]:
    return select(func.coalesce(func.sum(column), 0))


def _members(noted: Any, real: Any) -> Iterator[Any]:
    wrong = select(Member.username, noted, real).where(noted != real)
    yield from db.session.execute(wrong)


def _joined(path: Any, name: Any) -> Any:
    return func.ltrim(path + "/" + name, "/")


def _plain(id: Any) -> Any:
    """An id as both databases write it, without its dashes."""
    return func.replace(id, "-", "")
