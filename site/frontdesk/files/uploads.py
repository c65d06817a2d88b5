"""/uploads/ - what flask_resumable receives for members becomes their files (see UPLOADS.md)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask, Request, Response, abort, current_app, g, request
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import validate_csrf
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import ValidationError

import flask_resumable
from flask_resumable import Resumable
from frontdesk import audit, stored_settings
from frontdesk.access import acts_by_token, by_token, check_scope, public
from frontdesk.accounts.models import Member
from frontdesk.db import db, transaction
from frontdesk.files import blobs, folders, names, places, reservations, service
from frontdesk.files.arrivals import HEAD, Arrival, OnConflict, arrive
from frontdesk.files.kinds import media_type
from frontdesk.files.models import Blob, File, Folder, Upload
from frontdesk.files.pace import Pace
from frontdesk.files.receive import UPLOADS
from frontdesk.forms import Refused
from frontdesk.security import csrf
from frontdesk.settings import BadSetting
from frontdesk.storage import from_url
from frontdesk.watching import counts

PACE = Pace(50, 1.0)  # uploads that a member may begin, in seconds
ENDPOINTS = ("resumable.collection", "resumable.upload")

resumable = Resumable(gettext=_, slots=UPLOADS)


# Who may


@resumable.authorize
def _may_create(request: Request, metadata: dict[str, str]) -> None:
    """:raise 401: for a stranger. :raise 403: for a token that may only read

    :raise 400: without the token that our pages hold, for who is logged in
    """
    if not current_user.is_authenticated:
        abort(401, _("Log in to upload files."))
    check_scope()  # the guard saw the request's method, tus may have overridden it
    if acts_by_token():
        return
    try:
        validate_csrf(request.headers.get("X-CSRFToken", ""))
    except ValidationError:
        abort(400, _("Your page was open too long. Load it again, then upload."))


@resumable.continued
def _may_continue(upload: flask_resumable.Upload) -> None:
    """The key outlives the log-in, but not the account. :raise 403: if that is closed"""
    its_owner = select(Member.disabled_at).join(Upload, Upload.owner_id == Member.id)
    disabled_at = db.session.scalar(its_owner.where(Upload.id == upload.id))
    db.session.rollback()  # no connection is held while the body comes; see coming.py
    _refuse_the_disabled(disabled_at)


def _refuse_the_disabled(disabled_at: datetime | None) -> None:
    if disabled_at is not None:
        abort(403, _("This account is closed. Ask the administrator."))


# Space: held from the first byte on, given back with the last


@resumable.created
def _begin(upload: flask_resumable.Upload) -> None:
    """:raise 413: if the quota has no room for it. :raise 422: if it is empty"""
    name = names.clean(upload.filename)
    if upload.length == 0 and not upload.partial:
        abort(422, _("“%(name)s” is empty", name=name))
    with transaction() as session:
        row = Upload(
            id=upload.id,
            owner_id=_owner(session, upload),
            name=name,
            folder="/".join(names.folder_parts(upload.metadata.get("folder", ""))),
        )
        session.add(row)
        session.flush()
        if not upload.parts:  # they hold it until the whole is a file: a crash may come before
            reservations.hold(session, row, upload.length or 0)
        audit.record("upload.begin", member_id=row.owner_id, upload=str(row.id))
    counts.add("upload", "tus", "begun")


def _owner(session: Session, upload: flask_resumable.Upload) -> UUID:
    """Whose it is: the member's who asks; a whole is its parts' owner's, logged in or not.

    :raise 403: if that one's account is closed. :raise 429: if there are too many
    """
    if upload.parts:
        owner = reservations.owner_of_part(session, upload.parts[0])
        _refuse_the_disabled(owner.disabled_at)
        return owner.id
    if not PACE.allows(current_user.id):
        abort(429, _("Too many uploads begin at once. Try again in a second."), retry_after=1)
    begun = reservations.count(session, current_user.id)
    if begun >= current_app.config["MAX_OPEN_UPLOADS"]:
        abort(429, _("You have too many unfinished uploads. Finish or discard some first."))
    return UUID(str(current_user.id))


@resumable.reserve
def _grow(upload: flask_resumable.Upload, size: int) -> None:
    """:raise 413: if the quota has no room for so much"""
    with transaction() as session:
        reservations.hold(session, reservations.row_of(session, upload.id), size)


@resumable.removed
def _end(upload: flask_resumable.Upload) -> None:
    reservations.release(upload.id)


# The end


@resumable.target
def _place(upload: flask_resumable.Upload) -> Path:
    return service.storage().path(upload.id)


@resumable.finished
@counts.taking_in("tus", begun=False)
def _finish(upload: flask_resumable.Upload) -> None:
    """The bytes are a blob; write its rows, unless a crash came after that."""
    with transaction() as session:
        arrival = _arrival(session, upload)
        if arrival is None:
            return
        upload.note["result"] = {
            "id": str(arrival.file.id),
            "name": arrival.file.name,
            "url": places.place_of(arrival.file),
            "version": arrival.file.version,
            "came": arrival.came,
        }
    counts.took_in("tus", upload.offset)
    blobs.forget(arrival.unused)


def _arrival(session: Session, upload: flask_resumable.Upload) -> Arrival | None:
    """The file that it became, now or before a crash; None if nobody can tell any more."""
    if session.get(Blob, upload.id) is not None:
        file = session.scalar(select(File).where(File.blob_id == upload.id))
        return Arrival(file, "new") if file is not None else None
    row = session.get(Upload, upload.id)
    if row is None and upload.path.stat().st_size < upload.offset:
        return None  # a file held the same bytes, so these were removed
    return _take_over(session, upload)


def _take_over(session: Session, upload: flask_resumable.Upload) -> Arrival:
    row, size = reservations.row_of(session, upload.id), upload.offset
    blob = Blob(id=row.id, size=size, sha256=upload.sha256 or "")
    who = session.get_one(Member, row.owner_id).username
    arrival = arrive(_folder(row), row.name, blob, _kind(row), _on_conflict(upload), who=who)
    row.reserved += reservations.of_parts(session, row.owner_id, upload.parts)
    reservations.count_off(session, row, arrival.added)
    return arrival


def _on_conflict(upload: flask_resumable.Upload) -> OnConflict:
    """What was asked at the beginning; by now "refuse" would lose bytes that are here."""
    return "version" if upload.metadata.get("on_conflict") == "version" else "number"


def _folder(row: Upload) -> Folder:
    """Where it was meant to go; if a file has that name by now, the outermost folder."""
    try:
        return folders.make(row.owner_id, names.folder_parts(row.folder))
    except Refused:
        return folders.make(row.owner_id, [])


def _kind(row: Upload) -> str:
    with service.storage().open(row.id) as blob:
        return media_type(blob.read(HEAD), row.name)


# The site


def init_app(app: Flask) -> None:
    """Serve the addresses; each upload's own key opens it, so no log-in and no token is asked.

    :raise BadSetting: if the folder can't be made
    """
    config = app.config
    try:
        storage = from_url(config["STORAGE_URL"], app.instance_path)
        config.update(RESUMABLE_FOLDER=str(storage.beside("uploads")))
        _set_limits(app)
        resumable.init_app(app)
    except (OSError, ValueError) as error:
        raise BadSetting(f"STORAGE_URL: {error}. Name a folder that can be written.") from error
    stored_settings.when_renewed(app, _renew)
    csrf.exempt(resumable.blueprint)
    for endpoint in ENDPOINTS:
        app.view_functions[endpoint] = by_token(public(_reading(app.view_functions[endpoint])))


@resumable.blueprint.after_request
def _count(response: Response) -> Response:
    if request.method == "POST" and response.status_code >= 400:
        counts.add("upload", "tus", "refused")
    return response


def _set_limits(app: Flask) -> None:
    config = app.config
    config.update(
        RESUMABLE_MAX_SIZE=config["MAX_FILE_SIZE"],
        RESUMABLE_EXPIRY=float(config["UPLOAD_EXPIRY"]),
        RESUMABLE_KEEP_FREE=config["MIN_FREE_SPACE"],
        RESUMABLE_MIN_RATE=config["MIN_UPLOAD_RATE"],
    )


def _renew(app: Flask) -> None:
    _set_limits(app)
    resumable.renew(app)


def _reading(view: Callable[..., Any]) -> Callable[..., Any]:
    """``view``, which reads its body to the end, or closes the connection."""

    @wraps(view)
    def reading(**values: Any) -> Any:
        g.body_is_read = True
        return view(**values)

    return reading
