"""/file/UUID/thumbnail/1.0 - small pictures of images, and members' own; and larger ones."""

from __future__ import annotations

from uuid import UUID

from flask import abort, send_file
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.access import by_token
from frontdesk.files import service, thumbnails
from frontdesk.files.places import send_preview
from frontdesk.files.upload import bp

SCALES = (1.0, 2.0)
AN_HOUR = 3_600


@bp.get("/file/<uuid:file_id>/thumbnail/<float:scale>")
@by_token
def thumbnail(file_id: UUID, scale: float) -> Response:
    """A small WebP of an image, at scale 1.0 or 2.0 for ``srcset``.

    :raise 404: at another scale, if it is no image, or neither the member's nor a picture
    """
    if scale not in SCALES:
        abort(404)
    path = thumbnails.of_file(thumbnails.visible(current_user.id, file_id), scale)
    response = send_file(path, mimetype="image/webp", etag=True, max_age=AN_HOUR)
    response.headers["Cache-Control"] = f"private, max-age={AN_HOUR}"
    return response


@bp.get("/file/<uuid:file_id>/preview/<int:number>")
@by_token
def preview(file_id: UUID, number: int) -> Response:
    """A picture of an image, or of one page of a PDF, as large as fits a page of ours.

    :raise 404: if it wasn't made, or the file isn't the member's, or is in the bin
    """
    file = service.get_file(current_user.id, file_id)
    if file.deleted_at:
        abort(404)
    return send_preview(file.blob_id, number)
