"""/file/UUID/… - the bytes of a file; and its rename and delete pages."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.access import by_token
from frontdesk.files import programs, service
from frontdesk.files.forms import RenameForm
from frontdesk.files.places import folder_of, place_of, send
from frontdesk.files.upload import bp
from frontdesk.forms import Form
from frontdesk.pages import page, see, wants_json


@bp.get("/file/<uuid:file_id>/<filename>")
@by_token
def download(file_id: UUID, filename: str) -> Response:
    """The bytes: whole or a range, shown only if they can't run script.

    ``filename`` is what browsers save it as; a file that was renamed is still found.

    :raise 404: if the file isn't the member's, or is in the bin
    """
    file = service.get_file(current_user.id, file_id)
    if file.deleted_at:
        abort(404)
    wanted = bool(request.args.get("download"))
    return send(file.blob, file.name, file.media_type, download=wanted)


@bp.route("/file/<uuid:file_id>/change/rename", methods=["GET", "POST"])
def rename(file_id: UUID) -> Response:
    """Ask for a new name, then show the file under it.

    :raise 404: if the file isn't the member's, or is in the bin
    """
    file = service.get_file(current_user.id, file_id)
    if file.deleted_at:
        abort(404)
    form = RenameForm(name=file.name)
    if form.validate_on_submit():
        with form.explains():
            service.rename(file, form.name.data or "")
            flash(_("The file is now called “%(name)s”.", name=file.name))
            return redirect(place_of(file), 303)
    return page("files/rename.html", form, name=file.name, address=place_of(file))


@bp.route("/file/<uuid:file_id>/change/delete", methods=["GET", "POST"])
def delete(file_id: UUID) -> Response:
    """Ask, then move the file to the bin; a file that is there can be brought back."""
    file = service.get_file(current_user.id, file_id)
    form = Form()
    if form.validate_on_submit():
        service.delete(file)
        return see("files.delete", file_id=file.id)
    verb, where = ("undo", folder_of(file)) if file.deleted_at else ("delete", place_of(file))
    template = "files/deleted.html" if file.deleted_at else "files/delete.html"
    action = url_for(f"files.{verb}", file_id=file.id)
    return page(template, form, names=[file.name], action=action, address=where)


@bp.post("/file/<uuid:file_id>/change/undo")
@by_token
def undo(file_id: UUID) -> Response:
    """Bring a file back from the bin."""
    file = service.undo_delete(service.get_file(current_user.id, file_id))
    if wants_json():
        return programs.of_file(file)
    flash(_("“%(name)s” is back.", name=file.name))
    return redirect(place_of(file), 303)
