"""Small pictures of images, made once and kept beside the database."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from flask import abort, current_app
from flask_babel import gettext as _
from sqlalchemy import exists, select

from frontdesk import jobs, pictures
from frontdesk.accounts.models import Member
from frontdesk.db import db
from frontdesk.files import made, pausing, service
from frontdesk.files.models import Blob, File

WIDTHS = {"1.0": 320, "2.0": 640}  # of an image, in CSS pixels and twice that
PICTURES = {"1.0": 96, "2.0": 192}  # of a member, square
FOLDERS = ("thumbnails", "previews")
KIND = "thumbnail"  # of jobs; their subject is the blob's id
A_MOMENT = 2.0  # seconds
IMAGES = {"image/png", "image/jpeg", "image/webp", "image/gif"}
_waiting = threading.BoundedSemaphore(8)


def has_thumbnail(file: File) -> bool:
    """Whether ``file`` is of a kind that thumbnails are made of."""
    return file.media_type in IMAGES


def visible(member_id: UUID, file_id: UUID) -> File:
    """A member's own file, or the picture of any member.

    :raise 404: if it is neither
    """
    is_picture = exists().where(Member.picture_id == file_id)
    file = db.session.scalar(
        select(File).where(File.id == file_id, (File.owner_id == member_id) | is_picture)
    )
    if file is None or not file.is_there or not has_thumbnail(file):
        abort(404)
    return file


def ask(file: File) -> None:
    """Have thumbnails made of a file that came; a part of another verb."""
    if has_thumbnail(file):
        jobs.ask(KIND, str(file.blob_id))


def of_file(file: File, scale: float) -> Path:
    """Where the thumbnail of ``file`` lies; one that isn't there is asked for, and waited for.

    :raise 404: if the image can't be read or is too large, or it takes longer
    """
    path = _folder(file.blob_id) / f"{file.blob_id}-{scale:.1f}.webp"
    if not path.exists():
        _wait_for(path, str(file.blob_id))
    if not path.exists():
        abort(404)
    return path


def _wait_for(path: Path, subject: str) -> None:
    """A moment, and not with all threads: those who wait in vain look again."""
    if jobs.state(KIND, subject) == "failed":
        return
    jobs.ask(KIND, subject, again=True)
    if _waiting.acquire(blocking=False):
        try:
            until = time.monotonic() + A_MOMENT
            while jobs.is_coming(KIND, subject) and time.monotonic() < until:
                db.session.commit()  # else it would see the same state for ever
                time.sleep(0.1)
        finally:
            _waiting.release()


@jobs.task(KIND)
def make(subject: str) -> None:
    """Make all thumbnails of a blob: a member's own picture square, any other whole."""
    blob_id = UUID(subject)
    held = select(File.folder_id).where(File.blob_id == blob_id)
    is_picture = None in db.session.scalars(held).all()
    if _is_gone(blob_id):
        return
    try:
        with service.storage().open(blob_id) as source:
            sizes = PICTURES if is_picture else WIDTHS
            drawn = pictures.render(source, sizes, square=is_picture)
    except pictures.NotAPicture as error:
        raise jobs.GiveUp(_("It is no PNG, JPEG, WebP or GIF, or it is broken.")) from error
    except pictures.PictureTooLarge as error:
        raise jobs.GiveUp(_("It has too many pixels, or takes too much memory or time.")) from error
    write(blob_id, drawn)
    if _is_gone(blob_id):  # removed meanwhile, and what was made of it before that
        pausing.delete(blob_id)
        forget(blob_id)


def _is_gone(blob_id: UUID) -> bool:
    db.session.rollback()
    return db.session.get(Blob, blob_id) is None


def forget(blob_id: UUID) -> None:
    """Remove the thumbnails and previews of a blob whose row is gone."""
    for path in _folder(blob_id).glob(f"{blob_id}-*.webp"):
        path.unlink(missing_ok=True)
    made.forget(blob_id)


def ids(older_than_seconds: float) -> Iterator[UUID]:
    """The blobs of which there are thumbnails or previews so old."""
    before, last = time.time() - older_than_seconds, ""
    instance = Path(current_app.instance_path)
    for path in sorted(p for folder in FOLDERS for p in instance.glob(f"{folder}/??/*-*")):
        with suppress(FileNotFoundError, ValueError):  # removed meanwhile, or not ours
            if path.name[:36] != last and path.stat().st_mtime < before:
                last = path.name[:36]
                yield UUID(last)


def _folder(blob_id: UUID) -> Path:
    return Path(current_app.instance_path, "thumbnails", blob_id.hex[:2])


def write(blob_id: UUID, drawn: Mapping[str, bytes]) -> None:
    """Keep the thumbnails of a blob, drawn by scale: "1.0" and "2.0"."""
    for name, data in drawn.items():
        made.write(_folder(blob_id) / f"{blob_id}-{name}.webp", data)
