"""/zip - what was selected in a folder, as one zip."""

from __future__ import annotations

from flask import flash, redirect, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.files import listing, packing, selection, zipped
from frontdesk.files.folders import path_of
from frontdesk.files.models import Folder
from frontdesk.files.names import split
from frontdesk.files.selection import Chosen, Selection
from frontdesk.files.upload import bp
from frontdesk.forms import Refused
from frontdesk.pages import problem, wants_json


@bp.post("/zip")
def zip() -> Response:
    """Send the files and folders of the fields ``file`` and ``folder``, UUIDs each, as one zip.

    It is a form, for a selection is too long for an address.

    :raise 404: if one of them isn't there, or isn't the member's
    """
    try:
        found = selection.find(current_user.id, Chosen.of(request.form))
        return zipped.send(packing.of_selection(found), _name(found))
    except Refused as no:
        return refused(no, "/path/")


def send_folder(folder: Folder | None) -> Response:
    """The whole folder as a zip, by an address: browsers can ask for it again by themselves."""
    path = path_of(folder)
    try:
        parcel = packing.of_folder(folder) if folder else packing.Parcel()
        return zipped.send(parcel, path[-1] if path else _("Files"))
    except Refused as no:
        return refused(no, listing.address(*path))


def refused(no: Refused, address: str) -> Response:
    """Why there is no zip: on the page that it was asked on, or to a program."""
    if wants_json():
        return problem(no.status, no.why)
    flash(no.why, "error")
    return redirect(address, 303)


def _name(found: Selection) -> str:
    """One thing's own name; of several, that of the folder they are in."""
    if len(found) == 1:
        return found.first.name if found.folders else split(found.first.name)[0]
    return found.where.name or _("Files")
