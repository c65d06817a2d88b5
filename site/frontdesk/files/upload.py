"""/upload - take in files by an ordinary form, of any size; and list what was begun in pieces."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, current_app, flash, jsonify, redirect, request
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.access import by_token
from frontdesk.files import intake, listing, names, service, unfinished
from frontdesk.files.forms import UploadForm
from frontdesk.files.intake import Outcome
from frontdesk.forms import Refused
from frontdesk.pages import page, problem, see, wants_json
from frontdesk.security import csrf

bp = Blueprint("files", __name__)
NAMED_AT_MOST = 5  # in one message
_shown = names.short


@bp.route("/upload", methods=["GET", "POST"])
@by_token
@csrf.exempt  # intake.receive() checks the token, once it has said where the files shall go
def upload() -> Response:
    """Show the form; keep what it sends, and name what could not be kept."""
    if request.method == "POST":
        intake.receive()
    asked = {name: request.args[name] for name in ("folder", "on_conflict") if name in request.args}
    form = UploadForm(data=asked)
    if not form.validate_on_submit():
        return _page(form, Outcome([]))
    outcome = intake.keep(names.folder_parts(form.folder.data or ""), form.on_conflict.data)
    if not outcome.saved and not outcome.refused:
        outcome.refused.append(Refused(_("Select a file"), "the_file"))
    if outcome.refused:
        return _say_what_failed(form, outcome)
    return _show(outcome)


@bp.post("/upload/<uuid:upload_id>/discard")
def discard(upload_id: UUID) -> Response:
    """Remove an unfinished upload, and give its space back.

    :raise 404: if there is none, or it isn't the member's
    """
    try:
        name = unfinished.discard(current_user.id, upload_id)
        flash(_("“%(name)s” was discarded.", name=_shown(name)))
    except Refused as no:
        flash(no.why, "error")
    return see("files.upload")


def _show(outcome: Outcome) -> Response:
    """All files stay: programs get a list of them, people see the folder."""
    where = listing.address(*outcome.path)
    if wants_json():
        response = jsonify([intake.describe(a.file) | {"came": a.came} for a in outcome.arrivals])
        response.status_code = 201
        return response
    _say_what_came(outcome)
    return redirect(where, 303)


def _say_what_came(outcome: Outcome) -> None:
    new, newer, same = (outcome.that_came(how) for how in ("new", "version", "same"))
    if new:
        flash(
            ngettext("%(names)s was saved.", "%(num)s files were saved: %(names)s",
                     len(new), names=_listed(new))
        )  # fmt: skip
    if newer:
        flash(
            ngettext("%(names)s has a new version.", "%(num)s files have new versions: %(names)s",
                     len(newer), names=_listed(newer))
        )  # fmt: skip
    if same:
        flash(
            ngettext("%(names)s is the same as before. Nothing was changed.",
                     "%(num)s files are the same as before: %(names)s",
                     len(same), names=_listed(same))
        )  # fmt: skip
    for raw, name in outcome.renamed[:NAMED_AT_MOST]:
        said = _("“%(raw)s” is now called “%(name)s”.", raw=_shown(raw), name=_shown(name))
        flash(said)


def _say_what_failed(form: UploadForm, outcome: Outcome) -> Response:
    for no in outcome.refused:
        with form.explains():
            raise no
    if wants_json():
        reasons = [no.why for no in outcome.refused]
        saved = [intake.describe(file) for file in outcome.saved]
        return problem(outcome.status, " ".join(reasons), saved=saved, refused=reasons)
    return _page(form, outcome)


def _page(form: UploadForm, outcome: Outcome) -> Response:
    status = outcome.status if form.errors else 200
    return page(
        "files/upload.html",
        form,
        status,
        space=service.space(current_user.id),
        largest=current_app.config["MAX_FILE_SIZE"],
        unfinished=unfinished.of(current_user.id),
        saved=[(file.name, listing.address(*intake.path_of(file))) for file in outcome.saved],
    )


def _listed(names: list[str]) -> str:
    rest = len(names) - NAMED_AT_MOST
    more = [ngettext("%(num)s more", "%(num)s more", rest)] if rest > 0 else []
    return str(_(", ")).join([f"“{_shown(name)}”" for name in names[:NAMED_AT_MOST]] + more)
