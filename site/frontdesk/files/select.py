"""/selection/… - move, copy or delete several files and folders that were ticked, or just one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.files import copying, deleting, folders, listing, moving, names, selection, targets
from frontdesk.files.moving import Renamed
from frontdesk.files.selection import Chosen, Selection
from frontdesk.files.upload import bp
from frontdesk.forms import Form, Refused
from frontdesk.pages import page, see

NAMED_AT_MOST = 5
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Verb = Callable[[UUID, Chosen, UUID], Renamed]


@bp.route("/selection/move", methods=["GET", "POST"])
def move() -> Response:
    """Ask where to, then put what was chosen there."""
    return _take_elsewhere("move", moving.move)


@bp.route("/selection/copy", methods=["GET", "POST"])
def copy() -> Response:
    """Ask where to, then put a copy of what was chosen there."""
    return _take_elsewhere("copy", copying.copy)


@bp.route("/selection/delete", methods=["GET", "POST"])
def delete_chosen() -> Response:
    """Ask, then move what was chosen to the bin."""
    chosen = Chosen.of(request.values)
    try:
        found = selection.find(current_user.id, chosen)
        if "sure" in request.form:
            moment = deleting.delete(current_user.id, chosen)
            return see("files.deleted", moment=(moment - EPOCH) // timedelta(microseconds=1))
    except Refused as no:
        return _refuse(no)
    action = url_for("files.delete_chosen")
    return page("files/delete.html", Form(), names=found.names, chosen=chosen, action=action,
                address=_whence(found))  # fmt: skip


@bp.route("/bin/<int:moment>", methods=["GET", "POST"])
def deleted(moment: int) -> Response:
    """What went to the bin together, so many microseconds after 1970; and bring it back.

    :raise 404: if nothing of the member's went there just then, or it isn't there any more
    """
    then = _then(moment)
    found, form = deleting.of_moment(current_user.id, then), Form()
    if not found:
        abort(404)
    if form.validate_on_submit():
        with form.explains():
            deleting.undo(current_user.id, then)
            flash(
                _said(found, _("“%(name)s” is back."), _("%(count)s files and folders are back."))
            )
            return redirect(_whence(found), 303)
    action = url_for("files.deleted", moment=moment)
    return page(
        "files/deleted.html", form, names=found.names, action=action, address=_whence(found)
    )


def _take_elsewhere(what: str, verb: Verb) -> Response:
    chosen, form = Chosen.of(request.values), Form()
    try:
        found = selection.find(current_user.id, chosen)
    except Refused as no:
        return _refuse(no)
    target = request.form.get("here", type=UUID)
    if target and form.validate_on_submit():
        with form.explains():
            renamed = verb(current_user.id, chosen, target)
            return _arrived(what, found, renamed, target)
    shown = targets.look(current_user.id, found, request.values)
    return page("files/elsewhere.html", form, what=what, names=found.names, chosen=chosen,
                shown=shown, address=_whence(found))  # fmt: skip


def _arrived(what: str, found: Selection, renamed: Renamed, target: UUID) -> Response:
    words = {
        "move": (_("“%(name)s” was moved."), _("%(count)s files and folders were moved.")),
        "copy": (_("“%(name)s” was copied."), _("%(count)s files and folders were copied.")),
    }
    flash(_said(found, *words[what]))
    for raw, name in renamed[:NAMED_AT_MOST]:
        shown = {"raw": names.short(raw), "name": names.short(name)}
        flash(_("“%(raw)s” is now called “%(name)s”.", **shown))
    return redirect(listing.address(*folders.path_of(folders.get(target))), 303)


def _said(found: Selection, one: str, many: str) -> str:
    said = one if len(found) == 1 else many
    return said % {"name": names.short(found.names[0]), "count": len(found)}


def _whence(found: Selection) -> str:
    """The address of the folder that they lie in; of the outermost if that is in the bin."""
    where = found.where
    return listing.address(*([] if where.deleted_at else folders.path_of(where)))


def _then(moment: int) -> datetime:
    """:raise 404: if that is no moment that a file could have gone at"""
    try:
        return EPOCH + timedelta(microseconds=moment)
    except OverflowError:
        abort(404)


def _refuse(no: Refused) -> Response:
    flash(no.why, "error")
    return see("files.browse")
