"""/profile/sessions - where you are logged in, and logging out there."""

from __future__ import annotations

from uuid import UUID

from flask import abort, current_app, flash
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.accounts import logins
from frontdesk.accounts import sessions as service
from frontdesk.accounts.attempts import network
from frontdesk.accounts.devices import in_words
from frontdesk.pages import page, see
from frontdesk.profile.profile import bp


@bp.get("/profile/sessions")
def sessions() -> Response:
    """List a member's log-ins, this device first."""
    found = sorted(
        logins.of(current_user.id), key=lambda login: login.id != current_user.session_id
    )
    return page(
        "profile/sessions.html",
        logins=[(login, network(login.address), _proof(login.method)) for login in found],
        this=current_user.session_id,
    )


@bp.post("/profile/sessions/<uuid:session_id>/end")
def end_session(session_id: UUID) -> Response:
    """Log that device out, at once.

    :raise 404: if it is none of the member's, or was logged out already
    """
    if session_id == current_user.session_id:
        service.end()
        return see("hello.welcome")
    ended = logins.end_one(current_user.id, session_id)
    if ended is None:
        abort(404)
    flash(_("“%(device)s” is logged out.", device=in_words(ended.device)))
    return see("profile.sessions")


@bp.post("/profile/sessions/end-others")
def end_other_sessions() -> Response:
    """Log out everywhere but here."""
    ended = service.end_others(current_user.id, current_user.session_id)
    flash(
        ngettext(
            "%(num)s other device is logged out.", "%(num)s other devices are logged out.", ended
        )
        if ended
        else _("You are logged in on this device only.")
    )
    return see("profile.sessions")


def _proof(method: str) -> str:
    """What a log-in was proven by, in words."""
    words = {
        "password": _("password"),
        "passkey": _("passkey"),
        "code": _("password and code"),
        "recovery": _("password and recovery code"),
        "reset": _("new password by a link"),
        "oidc": current_app.config.get("OIDC_NAME") or "OpenID",
    }
    return str(words.get(method, method))
