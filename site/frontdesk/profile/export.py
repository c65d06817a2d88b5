"""/profile/export - take along all that one has here, as one zip."""

from __future__ import annotations

from datetime import datetime

from flask import abort, current_app
from flask_babel import gettext as _
from flask_login import current_user
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from frontdesk import audit
from frontdesk.access import fresh
from frontdesk.db import now, transaction
from frontdesk.files import service as files
from frontdesk.files import zipped
from frontdesk.forms import Form, Refused
from frontdesk.pages import page, problem, see, wants_json
from frontdesk.profile import portable, service
from frontdesk.profile.profile import bp

LASTS = 7 * 86_400  # seconds; so long a download can go on where it was cut off


@bp.route("/profile/export", methods=["GET", "POST"])
@fresh
def export() -> Response:
    """Say what is in the zip; then lead to it.

    A large one takes longer than a proof lasts, and goes on after a break: so its address is
    signed for this member and moment, and asks for the log-in alone.
    """
    form = Form()
    if form.validate_on_submit():
        with transaction():
            audit.record("member.export", member_id=current_user.id)
        moment = now().isoformat()
        return see("profile.download_export", key=_signer().dumps([str(current_user.id), moment]))
    return _show(form)


@bp.get("/profile/export/<key>")
def download_export(key: str) -> Response:
    """Send the zip, or the part of it that a download goes on with.

    :raise 404: if the key is another member's, or none
    :raise 410: if it is a week old
    """
    at = _moment_in(key)
    name = f"{current_app.config['SITE_NAME']} {current_user.username} {at:%Y-%m-%d}"
    try:
        return zipped.send(portable.parcel(current_user.id, at), name)
    except Refused as no:
        if wants_json():
            return problem(no.status, no.why)
        form = Form(formdata=None)
        form.form_errors = [_("That is too much for one zip. Download your folders one by one.")]
        return _show(form, no.status)


def _moment_in(key: str) -> datetime:
    """When the zip was asked for that ``key`` leads to."""
    try:
        member_id, moment = _signer().loads(key, max_age=LASTS)
    except SignatureExpired:
        abort(410)
    except BadSignature:
        abort(404)
    if member_id != str(current_user.id):
        abort(404)
    return datetime.fromisoformat(moment)


def _show(form: Form, status: int = 0) -> Response:
    return page(
        "profile/export.html",
        form,
        status,
        amount=service.amount(current_user.id),
        space=files.space_of(current_user),
    )


def _signer() -> URLSafeTimedSerializer:
    config = current_app.config
    keys = [*reversed(config["SECRET_KEY_FALLBACKS"]), config["SECRET_KEY"]]  # the last one signs
    return URLSafeTimedSerializer(keys, salt="export")
