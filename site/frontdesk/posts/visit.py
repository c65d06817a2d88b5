"""/s/UUID - the visitor's side of a link: the one file that strangers reach."""

from __future__ import annotations

from uuid import UUID

from flask import request
from werkzeug.wrappers import Response

from frontdesk.access import public
from frontdesk.accounts.models import Member
from frontdesk.db import db
from frontdesk.files.places import send
from frontdesk.pages import page
from frontdesk.posts import service
from frontdesk.posts.parcels import bp


@bp.get("/s/<uuid:token>")
@public
def visit(token: UUID) -> Response:
    """Show who shares which file, and until when."""
    link = service.open_link(token)
    owner = db.session.get_one(Member, link.file.owner_id)
    response = page("posts/visit.html", link=link, file=link.file, owner=owner)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@bp.get("/s/<uuid:token>/<filename>")
@public
def fetch(token: UUID, filename: str) -> Response:
    """The bytes, for whoever holds the link."""
    file = service.open_link(token).file
    wanted = bool(request.args.get("download"))
    return send(file.blob, file.name, file.media_type, download=wanted)
