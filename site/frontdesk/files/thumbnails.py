"""Small pictures of images, made once and kept beside the database; and members' own pictures."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from flask import abort, current_app
from flask_babel import gettext as _
from sqlalchemy import delete, exists, select

from frontdesk import audit, pictures
from frontdesk.accounts.models import Member
from frontdesk.db import db, transaction
from frontdesk.files import keeping, made, service
from frontdesk.files.models import Blob, File
from frontdesk.forms import Refused
from frontdesk.storage import Staged

WIDTHS = {"1.0": 320, "2.0": 640}  # of an image, in CSS pixels and twice that
PICTURES = {"1.0": 96, "2.0": 192}  # of a member, square
LARGEST_PICTURE = 512
IMAGES = {"image/png", "image/jpeg", "image/webp", "image/gif"}


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


def of_file(file: File, scale: float) -> Path:
    """Where the thumbnail of ``file`` lies; it is made if it isn't there.

    :raise 404: if the image can't be read or is too large
    """
    folder = _folder(file.blob_id)
    path = folder / f"{file.blob_id}-{scale:.1f}.webp"
    if not path.exists():
        try:
            with service.storage().open(file.blob_id) as source:
                made = pictures.render(source, _sizes(file), square=file.folder_id is None)
        except (pictures.NotAPicture, pictures.PictureTooLarge):
            abort(404)
        except pictures.Busy:
            abort(503)
        _write(folder, {f"{file.blob_id}-{name}.webp": data for name, data in made.items()})
    return path


def keep_picture(member_id: UUID, staged: Staged, source: Path) -> None:
    """Make the image at ``source`` a member's picture: square, re-encoded, its EXIF gone.

    :raise Refused: if it can't be read as a picture, or has too many pixels
    """
    try:
        made = pictures.render(source, {"picture": LARGEST_PICTURE}, square=True)
    except pictures.PictureTooLarge as error:
        raise Refused(_("The picture must have fewer than 40 megapixels"), "image") from error
    except pictures.NotAPicture as error:
        raise Refused(_("The picture must be a PNG, JPEG, WebP or GIF"), "image") from error
    except pictures.Busy as error:
        said = _("Nothing was changed. Try again in a minute.")
        raise Refused(said, "image", 503) from error
    staged.write(made["picture"])
    with keeping.kept(staged):
        member = _changing(member_id)
        before = _drop(member)
        file = File(owner_id=member_id, name="picture.webp", media_type="image/webp")
        keeping.add(file, keeping.blob_of(staged))
        keeping.charge(member_id, file.size, file.name)
        member.picture_id = file.id
        audit.record("member.picture", member_id=member_id, who=member.username)
    forget(before)


def remove_picture(member_id: UUID) -> None:
    """Take a member's picture away. Twice is once."""
    with transaction():
        before = _drop(_changing(member_id))
    forget(before)


def _changing(member_id: UUID) -> Member:
    return db.session.get_one(Member, member_id, with_for_update=True)


def _drop(member: Member) -> UUID | None:
    """Remove the rows of the picture that was, and give back its space; its blob's id is left.

    It doesn't go to the bin, for nobody could find it there.
    """
    file = db.session.get(File, member.picture_id) if member.picture_id else None
    member.picture_id = None
    if file is None:
        return None
    service.drop_row(file)
    db.session.execute(delete(Blob).where(Blob.id == file.blob_id))
    return file.blob_id


def forget(blob_id: UUID | None) -> None:
    """Remove the bytes of a blob whose rows are gone, its thumbnails and previews."""
    if blob_id:
        service.storage().delete(blob_id)
        for path in _folder(blob_id).glob(f"{blob_id}-*.webp"):
            path.unlink(missing_ok=True)
        made.forget(blob_id)


def ids(older_than_seconds: float) -> Iterator[UUID]:
    """The blobs of which there are thumbnails so old."""
    before, last = time.time() - older_than_seconds, ""
    for path in sorted(Path(current_app.instance_path, "thumbnails").glob("??/*.webp")):
        with suppress(FileNotFoundError, ValueError):  # removed meanwhile, or not ours
            if path.name[:36] != last and path.stat().st_mtime < before:
                last = path.name[:36]
                yield UUID(last)


def _folder(blob_id: UUID) -> Path:
    return Path(current_app.instance_path, "thumbnails", blob_id.hex[:2])


def _sizes(file: File) -> Mapping[str, int]:
    return PICTURES if file.folder_id is None else WIDTHS


def _write(folder: Path, made: Mapping[str, bytes]) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, data in made.items():
        draft = folder / f".{secrets.token_hex(8)}"
        draft.write_bytes(data)
        draft.replace(folder / name)
