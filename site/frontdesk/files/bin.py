"""/bin - what was deleted: back with it, or away for good."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.files import removal, service
from frontdesk.files.upload import bp
from frontdesk.forms import Form
from frontdesk.pages import page, see


@bp.get("/bin")
def bin() -> Response:
    """List what a member has deleted."""
    return page("files/bin.html", Form(), files=removal.in_bin(current_user.id))


@bp.route("/file/<uuid:file_id>/change/remove", methods=["GET", "POST"])
def remove(file_id: UUID) -> Response:
    """Ask, then take a file out of the bin for good.

    :raise 404: if it isn't in the member's bin
    """
    file = service.get_file(current_user.id, file_id)
    if not file.deleted_at:
        abort(404)
    form = Form()
    if form.validate_on_submit():
        name = file.name
        removal.remove_for_good(file)
        flash(_("“%(name)s” is gone for good.", name=name))
        return see("files.bin")
    return page("files/remove.html", form, file=file)
