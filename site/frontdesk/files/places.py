"""Where a file's page is, and its bytes under a name: for all pages that hand files out."""

from __future__ import annotations

from uuid import UUID

from flask import Response, abort, send_file

from frontdesk.files import folders, listing, service
from frontdesk.files.deliver import send_blob
from frontdesk.files.models import Blob, File
from frontdesk.files.previews import sheets


def send(blob: Blob, name: str, media_type: str, *, download: bool) -> Response:
    """The bytes of ``blob`` under a name."""
    try:
        return send_blob(
            service.storage(),
            blob.id,
            name=name,
            media_type=media_type,
            sha256=tag_of(blob),
            modified=blob.created_at,
            download=download,
        )
    except FileNotFoundError as error:
        raise RuntimeError(f"blob {blob.id} has lost its bytes") from error


def tag_of(blob: Blob) -> str:
    """What its ETag says: its hash; one that isn't hashed yet has any of its own."""
    return blob.sha256 or blob.id.hex


def send_preview(blob_id: UUID, number: int) -> Response:
    """The picture of a blob, or of one page of it, that its preview shows.

    :raise 404: if it wasn't made
    """
    path = sheets.picture(blob_id, number)
    if path is None:
        abort(404)
    response = send_file(path, mimetype="image/webp", etag=True)
    response.headers["Cache-Control"] = "private, no-cache"  # the next version is at this address
    return response


def place_of(file: File) -> str:
    """The address of a file's page."""
    return listing.address(*folders.path_of(folders.get(file.folder_id)), file.name)


def folder_of(file: File) -> str:
    """The address of the folder that a file is in; of the outermost if that is in the bin."""
    folder = folders.get(file.folder_id)
    return listing.address(*([] if folder and folder.deleted_at else folders.path_of(folder)))
