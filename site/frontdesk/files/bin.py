"""/bin - what was deleted: back with it, or away for good."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.files import binned, folders, names, removal, service
from frontdesk.files.upload import bp
from frontdesk.forms import Form
from frontdesk.pages import page, see


@bp.get("/bin")
def bin() -> Response:
    """List what a member has deleted."""
    shown = binned.contents(current_user.id, request.args.get("after", type=UUID))
    return page("files/bin.html", Form(), shown=shown, is_first="after" not in request.args)


@bp.route("/bin/empty", methods=["GET", "POST"])
def empty_bin() -> Response:
    """Ask, then take all that is in the bin out of it for good."""
    form = Form()
    if form.validate_on_submit():
        removal.empty(current_user.id)
        flash(_("The bin is empty now."))
        return see("files.bin")
    count, size = binned.amount(current_user.id)
    return page("files/empty_bin.html", form, count=count, size=size)


@bp.route("/file/<uuid:file_id>/change/remove", methods=["GET", "POST"])
def remove(file_id: UUID) -> Response:
    """Ask, then take a file out of the bin for good.

    :raise 404: if it isn't in the member's bin
    """
    file = service.get_file(current_user.id, file_id)
    if not file.deleted_at:
        abort(404)
    name, form = file.name, Form()
    if form.validate_on_submit():
        removal.remove_file(current_user.id, file_id)
        return _gone(name)
    action = url_for("files.remove", file_id=file_id)
    return page("files/remove.html", form, name=name, action=action)


@bp.route("/folder/<uuid:folder_id>/change/remove", methods=["GET", "POST"])
def remove_folder(folder_id: UUID) -> Response:
    """Ask, then take a folder out of the bin for good, with all that went there with it.

    :raise 404: if it isn't in the member's bin
    """
    folder = folders.mine(current_user.id, folder_id)
    if not folder.deleted_at:
        abort(404)
    name, form = folder.name, Form()
    if form.validate_on_submit():
        removal.remove_folder(current_user.id, folder_id)
        return _gone(name)
    action = url_for("files.remove_folder", folder_id=folder_id)
    return page("files/remove.html", form, name=name, action=action)


def _gone(name: str) -> Response:
    flash(_("“%(name)s” is gone for good.", name=names.short(name)))
    return see("files.bin")
