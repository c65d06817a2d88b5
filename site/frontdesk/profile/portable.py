"""All that a member has here, to take along: ``account.json``, and their files as they lie.

docs/export.md tells what the fields mean. It is as of one moment, so that the same zip comes again
when a download goes on: what is seen anew with each request, such as when a device was here last,
is not in it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import selectinload

from frontdesk.accounts.models import (
    Authenticator,
    Identity,
    Invite,
    LoginSession,
    Member,
    Passkey,
    RecoveryCode,
    Token,
    TrustedDevice,
)
from frontdesk.audit import LogEntry
from frontdesk.db import db
from frontdesk.files import folders, packing
from frontdesk.files.models import File, Folder, Version
from frontdesk.files.packing import Parcel
from frontdesk.posts.models import Link, Post, Recipient

MOST = 100_000  # files and folders: each takes 2 kB of memory until the last byte is sent
MOST_ENTRIES = 100_000  # of the log, the latest
PROFILE = (
    *("id", "username", "display_name", "about", "email", "email_confirmed_at", "role"),
    *("theme", "language", "timezone", "silent", "quota", "used", "created_at", "password_at"),
    "leaves_at",
)


def parcel(member_id: UUID, at: datetime) -> Parcel:
    """What goes into the zip.

    :raise Refused: if it is more than :data:`MOST` files and folders
    """
    found = Parcel(most=MOST)
    found.add_text("account.json", at, written(member_id, at))
    _add_picture(found, member_id)
    outermost = folders.outermost(member_id)
    if outermost is not None:
        packing.add_tree(found, outermost, found.add_folder("", "Files", outermost.created_at))
    for file in db.session.scalars(_in_bin(member_id)):
        found.add_file("Bin/", file.name, file.created_at, file.blob_id, file.size)
    for post in db.session.scalars(_posts(member_id, at)):
        for held in post.files:
            inside = f"Posts/{post.id}/"
            found.add_file(inside, held.name, held.created_at, held.blob_id, held.size)
    return found


def written(member_id: UUID, at: datetime) -> bytes:
    """``account.json``."""
    member = db.session.get_one(Member, member_id)
    facts = {
        "exported_at": at,
        "profile": _facts(member, PROFILE),
        **_ways_in(member_id, at),
        "invites": _rows(Invite, Invite.created_by == member_id, at,
                         "id", "created_at", "expires_at", "revoked_at", "email", "role",
                         "quota", "most_uses", "uses"),
        "files": _files(member_id),
        "posts": [_post(post) for post in db.session.scalars(_posts(member_id, at))],
        "links": _links(member_id, at),
        "log": _log(member, at),
    }  # fmt: skip
    said = json.dumps(facts, ensure_ascii=False, indent=1, default=_plain)
    return f"{said}\n".encode(errors="replace")


def _ways_in(member_id: UUID, at: datetime) -> dict[str, Any]:
    """Where and by what they come in; none of it lets anybody in."""
    device = "id", "created_at", "expires_at", "device"
    return {
        "sessions": _mine(LoginSession, member_id, at, *device, "address", "method", "remembered"),
        "trusted_devices": _mine(TrustedDevice, member_id, at, *device),
        "tokens": _mine(Token, member_id, at, "id", "name", "scope", "created_at", "expires_at"),
        "passkeys": _mine(Passkey, member_id, at, "id", "name", "is_synced", "created_at"),
        "authenticators": _mine(Authenticator, member_id, at, "created_at", "confirmed_at"),
        "recovery_codes": _mine(RecoveryCode, member_id, at, "created_at", "used_at"),
        "identities": _mine(Identity, member_id, at, "issuer", "subject", "email", "created_at"),
    }


def _mine(model: Any, member_id: UUID, at: datetime, *names: str) -> list[dict[str, Any]]:
    return _rows(model, model.member_id == member_id, at, *names)


def _rows(model: Any, which: Any, at: datetime, *names: str) -> list[dict[str, Any]]:
    found = select(model).where(which, model.created_at <= at)
    return [_facts(row, names) for row in db.session.scalars(found.order_by(model.created_at))]


def _facts(row: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _files(member_id: UUID) -> list[dict[str, Any]]:
    """Every file, those in the bin too, with what is known of its earlier versions."""
    names = "number", "size", "media_type", "created_at"
    versions: dict[UUID, list[dict[str, Any]]] = {}
    earlier = select(Version).join(File, File.id == Version.file_id)
    for row in db.session.scalars(
        earlier.where(File.owner_id == member_id).order_by(Version.file_id, Version.number)
    ):
        versions.setdefault(row.file_id, []).append(_facts(row, names))
    mine = select(File, Folder.path, Folder.deleted_at).join(Folder, Folder.id == File.folder_id)
    mine = mine.where(File.owner_id == member_id).order_by(Folder.path_key, File.name_key, File.id)
    shown = "id", "name", "size", "media_type", "version", "created_at"
    return [
        {
            "folder": path,
            **_facts(file, shown),
            "deleted_at": file.deleted_at or gone,
            "earlier_versions": versions.get(file.id, []),
        }
        for file, path, gone in db.session.execute(mine)
    ]


def _in_bin(member_id: UUID) -> Select[Any]:
    mine = select(File).join(Folder, Folder.id == File.folder_id).where(File.owner_id == member_id)
    gone = or_(File.deleted_at.is_not(None), Folder.deleted_at.is_not(None))
    return mine.where(gone).order_by(File.created_at, File.id).limit(MOST + 1)


def _add_picture(found: Parcel, member_id: UUID) -> None:
    picture = db.session.get_one(Member, member_id).picture_id
    file = db.session.get(File, picture) if picture else None
    if file is not None:
        found.add_file("", file.name, file.created_at, file.blob_id, file.size)


def _posts(member_id: UUID, at: datetime) -> Select[Any]:
    gets = select(Recipient.post_id).where(Recipient.member_id == member_id)
    return (
        select(Post)
        .options(
            selectinload(Post.files),
            selectinload(Post.sender),
            selectinload(Post.recipients).selectinload(Recipient.member),
        )
        .where(or_(Post.sender_id == member_id, Post.id.in_(gets)), Post.created_at <= at)
        .order_by(Post.id)
    )


def _post(post: Post) -> dict[str, Any]:
    """Of others only their names, as they stand on the post's page."""
    return {
        "id": post.id,
        "from": post.sender.username,
        "to": sorted(line.member.username for line in post.recipients),
        "created_at": post.created_at,
        "message": post.message,
        "files": [_facts(file, ("name", "size", "media_type")) for file in post.files],
    }


def _links(member_id: UUID, at: datetime) -> list[dict[str, Any]]:
    mine = select(Link).join(File, File.id == Link.file_id).where(File.owner_id == member_id)
    found = db.session.scalars(mine.where(Link.created_at <= at).order_by(Link.created_at))
    names = "file_id", "created_at", "expires_at", "revoked_at"
    return [{"path": f"/s/{link.token}", **_facts(link, names)} for link in found]


def _log(member: Member, at: datetime) -> list[dict[str, Any]]:
    """What is noted of them. Where another did it, such as an admin, not from which address."""
    mine = select(LogEntry).where(LogEntry.member_id == member.id, LogEntry.at <= at)
    found = db.session.scalars(mine.order_by(LogEntry.id.desc()).limit(MOST_ENTRIES)).all()
    return [
        _facts(entry, ("at", "what", "who", "facts"))
        | {"address": entry.address if entry.who == member.username else ""}
        for entry in reversed(found)
    ]


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
