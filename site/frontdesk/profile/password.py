"""/profile/password - change one's password."""

from __future__ import annotations

from flask import flash, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.accounts import changing, service, sessions
from frontdesk.forms import Refused
from frontdesk.pages import page, say_no, see
from frontdesk.profile.password_forms import PasswordForm
from frontdesk.profile.profile import bp


@bp.route("/profile/password", methods=["GET", "POST"])
def password() -> Response:
    """Ask for the old password and the new one; this device stays logged in."""
    form = PasswordForm()
    if form.validate_on_submit():
        try:
            _change(form)
        except Refused as no:
            return say_no("profile/password.html", form, no)
        return see("profile.profile")
    return page("profile/password.html", form)


def _change(form: PasswordForm) -> None:
    """:raise Refused: if the old one is wrong, or the new one too weak"""
    old, new = form.current_password.data or "", form.new_password.data or ""
    who, session_id = current_user.id, current_user.session_id
    service.check_password(who, old, request.remote_addr or "", "current_password")
    everywhere = form.everywhere.data
    member = changing.change(who, session_id, new, "new_password", everywhere=everywhere)
    sessions.renew(member)
    said = _("Your password is changed.")
    if everywhere:
        said = _("Your password is changed. Other devices are logged out, and tokens have ended.")
    flash(said)
