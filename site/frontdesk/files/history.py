"""What a file held before: each version is kept, counted, and can be restored or removed."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import abort, current_app
from flask_babel import gettext as _
from sqlalchemy import Select, select
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import joinedload

from frontdesk import audit
from frontdesk.db import db, now, transaction
from frontdesk.files import blobs, keeping, service
from frontdesk.files.models import Blob, File, Version
from frontdesk.forms import Refused

LARGEST_NUMBER = 2**31 - 1


def of(file: File) -> Sequence[Version]:
    """The earlier versions of ``file``, the latest first."""
    return db.session.scalars(_of(file)).all()


def get(file: File, number: int) -> Version:
    """An earlier version of ``file``, with its blob.

    :raise 404: if there is none of that number
    """
    if number > LARGEST_NUMBER:  # the database could not even ask
        abort(404)
    version = db.session.get(Version, (file.id, number), options=[joinedload(Version.blob)])
    if version is None:
        abort(404)
    return version


def put(file: File, blob: Blob, media_type: str) -> list[UUID]:
    """Make ``blob`` the newest version of ``file``, which is locked; a part of another verb.

    Named are the blobs that went, as more versions than MAX_VERSIONS aren't kept.
    """
    db.session.add(
        Version(
            file_id=file.id,
            number=file.version,
            blob_id=file.blob_id,
            size=file.size,
            media_type=file.media_type,
            created_at=file.created_at,
        )
    )
    db.session.add(blob)
    db.session.flush()
    file.blob, file.size, file.media_type = blob, blob.size, media_type
    file.version, file.created_at = file.version + 1, now()
    db.session.flush()
    return _trim(file)


def restore(file: File, number: int) -> File:
    """Make an earlier version the newest, as a version of its own; nothing is lost.

    :raise 404: if there is none of that number
    :raise Refused: if the newest holds these bytes already, or no space is left
    """
    with transaction():
        lock(file)
        version = get(file, number)
        if version.blob.sha256 and version.blob.sha256 == file.blob.sha256:
            raise Refused(_("The newest version is the same. Nothing was changed."), status=409)
        dropped = put(file, version.blob, version.media_type)
        keeping.charge(file.owner_id, file.size, file.name)
        _record("file.restore", file, number)
    blobs.forget(dropped)
    return file


def remove(file: File, number: int) -> None:
    """Remove an earlier version for good, and give its space back.

    :raise 404: if there is none of that number
    :raise Refused: if a post holds its bytes; they go on counting
    """
    with transaction():
        lock(file)
        version = get(file, number)
        if blobs.held_by_post(version.blob_id):
            raise Refused(_("A post holds this version, so it stays and takes its space."))
        _record("file.version.remove", file, number)
        _drop_row(file, version)
        dropped = blobs.drop([version.blob_id])
    blobs.forget(dropped)


def lock(file: File) -> None:
    """Read ``file`` again, and let nobody else change it until this verb ends.

    :raise 404: if somebody removed it for good meanwhile
    """
    try:
        db.session.refresh(file, with_for_update={"of": File})  # its blob is joined, perhaps
    except InvalidRequestError:
        abort(404)


def _of(file: File) -> Select[Version]:
    return select(Version).where(Version.file_id == file.id).order_by(Version.number.desc())


def _trim(file: File) -> list[UUID]:
    """Remove the oldest versions beyond MAX_VERSIONS; one that a post holds goes on counting."""
    most: int = current_app.config["MAX_VERSIONS"]
    if not most:
        return []
    found = db.session.scalars(_of(file).offset(most - 1)).all()
    beyond = [version for version in found if not blobs.held_by_post(version.blob_id)]
    for version in beyond:
        _record("file.version.expire", file, version.number)
        _drop_row(file, version)
    return blobs.drop(version.blob_id for version in beyond)


def _drop_row(file: File, version: Version) -> None:
    service.give_back(file.owner_id, version.size)
    db.session.delete(version)
    db.session.flush()


def _record(what: str, file: File, number: int) -> None:
    audit.record(what, member_id=file.owner_id, file=str(file.id), version=number)
