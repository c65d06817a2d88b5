"""/upload/… - what a page that sends files asks meanwhile, beside flask_resumable's protocols."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from flask import abort, jsonify, request
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.files import duplicates, names, places, unfinished
from frontdesk.files.duplicates import Known, Wanted
from frontdesk.files.unfinished import SAMPLE, SAMPLES, Proof
from frontdesk.files.upload import bp
from frontdesk.files.uploads import resumable
from frontdesk.forms import Refused
from frontdesk.pages import problem

MOST_ASKED = 100


@bp.post("/upload/known")
def known() -> Response:
    """Say of files that are about to come what is there already, and what was begun.

    Asked with a list of ``{name, folder, size}``, at most 100; answered in the same order.

    :raise 400: for anything else
    """
    asked = _asked()
    if not isinstance(asked, list) or len(asked) > MOST_ASKED:
        abort(400)
    found = duplicates.look(current_user.id, [_wanted(one) for one in asked])
    return jsonify([_described(one) for one in found])


@bp.post("/upload/<uuid:upload_id>/continue")
def go_on(upload_id: UUID) -> Response:
    """Give the address of an unfinished upload to the member's other device.

    The body proves that it has the same file: 16 blocks of 8 KiB of what has arrived, see
    :func:`frontdesk.files.unfinished.samples`; ``offset`` in the query says how much that is,
    ``modified`` when the file was changed last, in milliseconds.

    :raise 404: if there is none, or it isn't theirs
    """
    offset, modified = (request.args.get(name, -1, int) for name in ("offset", "modified"))
    proof = Proof(offset, request.stream.read(SAMPLES * SAMPLE + 1), modified)
    try:
        found = unfinished.go_on(current_user.id, upload_id, proof)
    except Refused as no:
        return problem(no.status, no.why)
    return jsonify(url=resumable.address(found), offset=found.offset, length=found.length)


@bp.post("/upload/<uuid:upload_id>/folder")
def put_into(upload_id: UUID) -> Response:
    """Move what was uploaded just now into the form's ``folder``.

    :raise 404: if it isn't finished, or not the member's
    """
    try:
        path = names.folder_parts(request.form.get("folder", ""))
        file = duplicates.put_into(current_user.id, upload_id, path)
    except Refused as no:
        return problem(no.status, no.why)
    return jsonify(name=file.name, url=places.place_of(file)) if file else abort(404)


def _asked() -> Any:
    """The body's JSON; None if it is none, or lists in lists that no parser goes down."""
    with suppress(RecursionError):
        return request.get_json(silent=True)
    return None


def _wanted(said: Any) -> Wanted:
    match said:
        case {"name": str(name), "folder": str(folder), "size": int(size)}:
            return Wanted(name, folder, size)
    abort(400)


def _described(one: Known) -> dict[str, Any]:
    said = {"said": one.said, "url": one.url, "same": one.is_same}
    return said | {"begun": one.begun.described() if one.begun else None}
