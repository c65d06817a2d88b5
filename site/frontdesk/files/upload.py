"""/upload - take in files by an ordinary form, of any size, straight to the disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from flask import Blueprint, current_app, flash, jsonify, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from frontdesk.files import folders, listing, names, service
from frontdesk.files.forms import UploadForm
from frontdesk.files.models import File
from frontdesk.files.receive import Request
from frontdesk.forms import Refused
from frontdesk.pages import page, problem, wants_json
from frontdesk.security import csrf
from frontdesk.storage import Staged

bp = Blueprint("files", __name__)
NAMED_AT_MOST = 5  # in one message
SHOWN_OF_A_NAME = 60


@dataclass(slots=True)
class Outcome:
    """What came of one request: the files that stay, and the refusals of the others."""

    path: list[str]
    saved: list[File] = field(default_factory=list)
    renamed: list[tuple[str, str]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    @property
    def status(self) -> int:
        return max((no.status for no in self.refused), default=422)


@bp.route("/upload", methods=["GET", "POST"])
@csrf.exempt  # _receive() checks the token, once it has said where the files shall go
def upload() -> Response:
    """Show the form; keep what it sends, and name what could not be kept."""
    if request.method == "POST":
        _receive()
    form = UploadForm(folder=request.args.get("folder", ""))
    if not form.validate_on_submit():
        return _page(form, Outcome([]))
    outcome = _keep(names.folder_parts(form.folder.data or ""))
    if not outcome.saved and not outcome.refused:
        outcome.refused.append(Refused(_("Select a file"), "the_file"))
    if outcome.refused:
        return _say_what_failed(form, outcome)
    return _show(outcome)


def _receive() -> None:
    """Let the files of this request go straight to storage.

    :raise 400: if the form has no CSRF token of ours
    """
    room = service.space(current_user.id).left
    most = current_app.config["MAX_FILE_SIZE"]
    asked = cast(Request, request)
    asked.receive_into(service.storage(), most, room, service.kept_free())
    csrf.protect()


def _keep(path: list[str]) -> Outcome:
    outcome = Outcome(path)
    for sent in request.files.getlist("the_file"):
        try:
            _keep_one(sent, path, outcome)
        except Refused as no:
            outcome.refused.append(no)
    if cast(Request, request).cut_off:
        said = _("The connection broke off. Choose the files that are missing once more.")
        outcome.refused.append(Refused(said, "the_file", 400))
    return outcome


def _keep_one(sent: FileStorage, path: list[str], outcome: Outcome) -> None:
    raw = sent.filename or ""
    file = service.take_in(current_user.id, path + _folders_in(raw), raw, cast(Staged, sent.stream))
    outcome.saved.append(file)
    if file.name != raw.rpartition("/")[2]:
        outcome.renamed.append((raw, file.name))


def _folders_in(raw: str) -> list[str]:
    """The folders that a browser names when a whole folder was chosen; none of a hostile name."""
    *parents, _last = raw.split("/")
    is_plain = "\\" not in raw and not raw.startswith("/") and ".." not in parents
    return names.folder_parts("/".join(parents)) if is_plain else []


def _show(outcome: Outcome) -> Response:
    """All files stay: programs get a list of them, people see the folder."""
    where = listing.address(*outcome.path)
    if wants_json():
        response = jsonify([describe(file) for file in outcome.saved])
        response.status_code = 201
        return response
    saved = [_shown(file.name) for file in outcome.saved[:NAMED_AT_MOST]]
    flash(
        ngettext("%(names)s was saved.", "%(num)s files were saved: %(names)s",
                 len(outcome.saved), names=_listed(saved, len(outcome.saved)))
    )  # fmt: skip
    for raw, name in outcome.renamed[:NAMED_AT_MOST]:
        said = _("“%(raw)s” is now called “%(name)s”.", raw=_shown(raw), name=_shown(name))
        flash(said)
    return redirect(where, 303)


def _say_what_failed(form: UploadForm, outcome: Outcome) -> Response:
    form.the_file.errors = [no.why for no in outcome.refused]
    if wants_json():
        return problem(
            outcome.status,
            " ".join(no.why for no in outcome.refused),
            saved=[describe(file) for file in outcome.saved],
            refused=[no.why for no in outcome.refused],
        )
    return _page(form, outcome)


def _page(form: UploadForm, outcome: Outcome) -> Response:
    status = outcome.status if form.errors else 200
    return page(
        "files/upload.html",
        form,
        status,
        space=service.space(current_user.id),
        largest=current_app.config["MAX_FILE_SIZE"],
        saved=[(file.name, listing.address(*outcome.path, file.name)) for file in outcome.saved],
    )


def describe(file: File) -> dict[str, Any]:
    """A file as programs see it; ``size`` in bytes, ``path`` as folder/name."""
    folder = folders.path_of(folders.get(file.folder_id)) if file.folder_id else []
    return {
        "id": str(file.id),
        "name": file.name,
        "path": "/".join([*folder, file.name]),
        "size": file.size,
        "type": file.media_type,
        "sha256": file.blob.sha256,
        "url": url_for("files.download", file_id=file.id, filename=file.name),
    }


def _shown(name: str) -> str:
    """``name``, short enough for a message: those travel in a cookie."""
    return name if len(name) <= SHOWN_OF_A_NAME else name[:SHOWN_OF_A_NAME] + "…"


def _listed(shown: list[str], count: int) -> str:
    rest = count - len(shown)
    more = [ngettext("%(num)s more", "%(num)s more", rest)] if rest else []
    return ", ".join([f"“{name}”" for name in shown] + more)
