"""The page of a file: what it looks like, what there is to know, what can be done with it."""

from __future__ import annotations

from flask import request, url_for
from werkzeug.wrappers import Response

from frontdesk.files import history, kinds, previews
from frontdesk.files.deliver import shown_inline
from frontdesk.files.models import File
from frontdesk.files.places import place_of
from frontdesk.files.previews import Addresses, Subject
from frontdesk.pages import page


def file_page(file: File, crumbs: list[tuple[str, str]]) -> Response:
    """Show ``file`` to its owner; ``crumbs`` are the folders on the way, as (name, address)."""
    subject = Subject(file.blob_id, file.name, file.size, file.media_type)
    preview = previews.of(subject, request.args)
    response = page(
        "files/file.html",
        file=file,
        subject=subject,
        preview=preview,
        at=_addresses(file),
        full=preview.full,
        versions=history.of(file) if file.version > 1 else [],
        kind=kinds.in_words(file.media_type, file.name),
        crumbs=crumbs,
        opens=shown_inline(file.media_type),
    )
    response.headers.extend(preview.headers)
    return response


def _addresses(file: File) -> Addresses:
    return Addresses(
        page=place_of(file),
        content=url_for("files.download", file_id=file.id, filename=file.name),
        picture=url_for("files.preview", file_id=file.id, number=0).removesuffix("0"),
    )
