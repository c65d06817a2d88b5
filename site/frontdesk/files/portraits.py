"""Members' own pictures: a file without a folder, square and re-encoded."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from flask_babel import gettext as _

from frontdesk import audit, pictures
from frontdesk.accounts.models import Member
from frontdesk.db import db, transaction
from frontdesk.files import blobs, keeping, service, thumbnails
from frontdesk.files.models import File
from frontdesk.forms import Refused
from frontdesk.storage import Staged

LARGEST_PICTURE = 512


def keep_picture(member_id: UUID, staged: Staged, source: Path) -> None:
    """Make the image at ``source`` a member's picture: square, re-encoded, its EXIF gone.

    :raise Refused: if it can't be read as a picture, or has too many pixels
    """
    try:
        drawn = pictures.render(
            source, {"picture": LARGEST_PICTURE, **thumbnails.PICTURES}, square=True
        )
    except pictures.PictureTooLarge as error:
        raise Refused(_("The picture must have fewer than 40 megapixels"), "image") from error
    except pictures.NotAPicture as error:
        raise Refused(_("The picture must be a PNG, JPEG, WebP or GIF"), "image") from error
    except pictures.Busy as error:
        said = _("Nothing was changed. Try again in a minute.")
        raise Refused(said, "image", 503) from error
    staged.write(drawn.pop("picture"))
    with keeping.kept(staged):
        member = _changing(member_id)
        before = _drop(member)
        file = File(owner_id=member_id, name="picture.webp", media_type="image/webp")
        keeping.add(file, keeping.blob_of(staged))
        keeping.charge(member_id, file.size, file.name)
        member.picture_id = file.id
        audit.record("member.picture", member_id=member_id, who=member.username)
    thumbnails.write(staged.id, drawn)
    blobs.forget(before)


def remove_picture(member_id: UUID) -> None:
    """Take a member's picture away. Twice is once."""
    with transaction():
        before = _drop(_changing(member_id))
    blobs.forget(before)


def _changing(member_id: UUID) -> Member:
    return db.session.get_one(Member, member_id, with_for_update=True)


def _drop(member: Member) -> list[UUID]:
    """Remove the rows of the picture that was, and give back its space; what is to be forgotten.

    It doesn't go to the bin, for nobody could find it there.
    """
    file = db.session.get(File, member.picture_id) if member.picture_id else None
    member.picture_id = None
    return blobs.drop(service.drop_row(file)) if file else []
