"""/folder/… - a new folder; and a folder's rename and delete pages."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.files import deleting, folders, listing, moving, names
from frontdesk.files.forms import FolderForm, RenameForm
from frontdesk.files.models import Folder
from frontdesk.files.upload import bp
from frontdesk.forms import Form
from frontdesk.pages import page, see


@bp.route("/folder/new", methods=["GET", "POST"])
def new_folder() -> Response:
    """Ask for a name, then show the new folder; ``folder`` is the path of the one it is in."""
    path = names.folder_parts(request.values.get("folder", ""))
    form = FolderForm(folder="/".join(path))
    if form.validate_on_submit():
        with form.explains():
            folder = moving.new_folder(current_user.id, path, form.name.data or "")
            return redirect(place_of(folder), 303)
    return page("files/new_folder.html", form, address=listing.address(*path))


@bp.route("/folder/<uuid:folder_id>/change/rename", methods=["GET", "POST"])
def rename_folder(folder_id: UUID) -> Response:
    """Ask for a new name, then show the folder under it.

    :raise 404: if the folder isn't the member's, or is in the bin
    """
    folder = folders.mine(current_user.id, folder_id)
    if folder.deleted_at:
        abort(404)
    form = RenameForm(name=folder.name)
    if form.validate_on_submit():
        with form.explains():
            moving.rename(folder, form.name.data or "")
            flash(_("The folder is now called “%(name)s”.", name=names.short(folder.name)))
            return redirect(place_of(folder), 303)
    return page("files/rename.html", form, name=folder.name, address=place_of(folder))


@bp.route("/folder/<uuid:folder_id>/change/delete", methods=["GET", "POST"])
def delete_folder(folder_id: UUID) -> Response:
    """Ask, then move the folder to the bin; one that is there can be brought back."""
    folder = folders.mine(current_user.id, folder_id)
    form = Form()
    if form.validate_on_submit():
        deleting.delete_folder(folder)
        return see("files.delete_folder", folder_id=folder.id)
    template = "files/deleted.html" if folder.deleted_at else "files/delete.html"
    verb = "files.undo_folder" if folder.deleted_at else "files.delete_folder"
    action = url_for(verb, folder_id=folder.id)
    address = listing.address(*folders.path_of(folder)[: -1 if folder.deleted_at else None])
    return page(template, form, names=[folder.name], action=action, address=address)


@bp.post("/folder/<uuid:folder_id>/change/undo")
def undo_folder(folder_id: UUID) -> Response:
    """Bring a folder back from the bin, with all that went there with it."""
    folder = folders.mine(current_user.id, folder_id)
    form = Form()
    with form.explains():
        deleting.undo_folder(folder)
        flash(_("“%(name)s” is back.", name=names.short(folder.name)))
        return redirect(place_of(folder), 303)
    flash(form.form_errors[0], "error")
    return see("files.bin")


def place_of(folder: Folder) -> str:
    """The address of a folder's page."""
    return listing.address(*folders.path_of(folder))
