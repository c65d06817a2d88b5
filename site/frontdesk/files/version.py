"""/file/UUID/version/3/… - what a file held before: its bytes, back with it, or away for good."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.files import history, service
from frontdesk.files.models import File
from frontdesk.files.places import place_of, send
from frontdesk.files.upload import bp
from frontdesk.forms import Form, Refused
from frontdesk.pages import page


@bp.get("/file/<uuid:file_id>/version/<int:number>/<filename>")
def version(file_id: UUID, number: int, filename: str) -> Response:
    """The bytes of a version, as of a file; the newest has a number too.

    :raise 404: if there is none of that number, or :func:`_reachable` says so
    """
    file = _reachable(file_id)
    held = file if number == file.version else history.get(file, number)
    wanted = bool(request.args.get("download"))
    return send(held.blob, file.name, held.media_type, download=wanted)


@bp.post("/file/<uuid:file_id>/version/<int:number>/change/restore")
def restore_version(file_id: UUID, number: int) -> Response:
    """Make an earlier version the newest, as a version of its own."""
    file = _reachable(file_id)
    try:
        history.restore(file, number)
        flash(_("Version %(old)s is the newest again, as version %(new)s.",
                old=number, new=file.version))  # fmt: skip
    except Refused as no:
        flash(no.why, "error")
    return redirect(place_of(file), 303)


@bp.route("/file/<uuid:file_id>/version/<int:number>/change/remove", methods=["GET", "POST"])
def remove_version(file_id: UUID, number: int) -> Response:
    """Ask, then remove an earlier version for good."""
    file = _reachable(file_id)
    version = history.get(file, number)
    form = Form()
    if form.validate_on_submit():
        with form.explains():
            history.remove(file, number)
            flash(_("Version %(number)s is gone for good.", number=number))
            return redirect(place_of(file), 303)
    address = place_of(file)
    return page("files/remove_version.html", form, file=file, version=version, address=address)


def _reachable(file_id: UUID) -> File:
    """:raise 404: if the file isn't the member's, or is in the bin"""
    file = service.get_file(current_user.id, file_id)
    return file if file.is_there else abort(404)
