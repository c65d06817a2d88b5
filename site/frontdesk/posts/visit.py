"""/s/UUID - the visitor's side of a link: the one file that strangers reach."""

from __future__ import annotations

from uuid import UUID

from flask import request, url_for
from werkzeug.wrappers import Response

from frontdesk.access import public
from frontdesk.accounts.models import Member
from frontdesk.db import db
from frontdesk.files import previews
from frontdesk.files.places import send, send_preview
from frontdesk.files.previews import Addresses, Subject
from frontdesk.pages import page
from frontdesk.posts import service
from frontdesk.posts.parcels import bp


@bp.get("/s/<uuid:token>")
@public
def visit(token: UUID) -> Response:
    """Show who shares which file, and until when."""
    link = service.open_link(token)
    owner = db.session.get_one(Member, link.file.owner_id)
    file = link.file
    subject = Subject(file.blob_id, file.name, file.size, file.media_type)
    shown = previews.of(subject, request.args)
    response = page(
        "posts/visit.html",
        link=link,
        file=file,
        owner=owner,
        preview=shown,
        subject=subject,
        at=_addresses(token, file.name),
    )
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers.extend(shown.headers)
    return response


@bp.get("/s/<uuid:token>/preview/<int:number>")
@public
def preview(token: UUID, number: int) -> Response:
    """A picture of the file or of one page of it, for whoever holds the link.

    :raise 404: if it wasn't made
    """
    return send_preview(service.open_link(token).file.blob_id, number)


def _addresses(token: UUID, filename: str) -> Addresses:
    return Addresses(
        page=url_for("posts.visit", token=token),
        content=url_for("posts.fetch", token=token, filename=filename),
        picture=url_for("posts.preview", token=token, number=0).removesuffix("0"),
    )


@bp.get("/s/<uuid:token>/<filename>")
@public
def fetch(token: UUID, filename: str) -> Response:
    """The bytes, for whoever holds the link."""
    file = service.open_link(token).file
    wanted = bool(request.args.get("download"))
    return send(file.blob, file.name, file.media_type, download=wanted)
