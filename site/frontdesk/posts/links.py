"""/file/UUID/change/link - make a link to a file, and revoke it."""

from __future__ import annotations

from uuid import UUID

from flask import current_app, flash, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.files import places
from frontdesk.files import service as file_service
from frontdesk.forms import Form
from frontdesk.pages import page, see
from frontdesk.posts import service
from frontdesk.posts.forms import LinkForm
from frontdesk.posts.parcels import bp


@bp.route("/file/<uuid:file_id>/change/link", methods=["GET", "POST"])
def links(file_id: UUID) -> Response:
    """Show a file's links in full, to copy, and make another."""
    file = file_service.get_file(current_user.id, file_id)
    form = LinkForm()
    if form.validate_on_submit():
        service.create_link(file, int(form.days.data) if form.days.data else None)
        flash(_("The link is ready. Copy it."))
        return see("posts.links", file_id=file.id)
    return page(
        "posts/links.html",
        form,
        file=file,
        address=places.place_of(file),
        links=[(link, full_address(link.token)) for link in service.links_of(file)],
    )


@bp.route("/file/<uuid:file_id>/change/link/<uuid:token>", methods=["GET", "POST"])
def revoke(file_id: UUID, token: UUID) -> Response:
    """Ask, then end a link: whoever holds it reads that it has ended."""
    link = service.get_link(current_user.id, file_id, token)
    form = Form()
    if form.validate_on_submit():
        service.revoke(link)
        flash(_("The link has ended."))
        return see("posts.links", file_id=file_id)
    return page("posts/revoke.html", form, link=link)


def full_address(token: UUID) -> str:
    """The address to copy: on PUBLIC_URL if that is set, else on the host that was asked."""
    place = url_for("posts.visit", token=token)
    root = current_app.config["PUBLIC_URL"] or request.host_url
    return str(root).rstrip("/") + place
