"""/forgot and /reset/SECRET - a new password for who has forgotten theirs."""

from __future__ import annotations

from flask import flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from frontdesk import mail
from frontdesk.access import public
from frontdesk.accounts import known_devices, resets
from frontdesk.accounts.login import bp
from frontdesk.accounts.models import Member
from frontdesk.accounts.password_forms import ForgotForm, ResetForm
from frontdesk.language import language
from frontdesk.pages import page, see


@bp.route("/forgot", methods=["GET", "POST"])
@public
def forgot() -> Response:
    """Send a link by letter, and tell nobody whether there is anybody to send it to.

    Without mail it says who to ask: an admin makes the link.
    """
    form = ForgotForm()
    if mail.is_on() and form.validate_on_submit():
        resets.ask(form.username.data or "", request.remote_addr or "", language())
        return see("accounts.letter_sent")
    return page("accounts/forgot.html", form, by_letter=mail.is_on())


@bp.get("/forgot/sent")
@public
def letter_sent() -> Response:
    """What happens now, in the same words for every name."""
    return page("accounts/letter_sent.html")


@bp.route("/reset/<secret>", methods=["GET", "POST"])
@public
def reset(secret: str) -> Response:
    """Set a new password, once; then lead to the log-in, which asks for the second step too.

    Opening the page changes nothing: mail servers open the links in letters.
    """
    member = resets.find(secret, request.remote_addr or "")
    if member is None:
        return page("accounts/reset_ended.html", status=410)
    form, name = ResetForm(), member.username
    if form.validate_on_submit():
        with form.explains():
            return _finish(resets.finish(secret, form.password.data or ""))
    return page("accounts/reset.html", form, name=name)


def _finish(member: Member | None) -> Response:
    if member is None:
        return page("accounts/reset_ended.html", status=410)
    known_devices.remember(member)  # or somebody who guesses elsewhere could keep them out
    flash(
        _(
            "%(name)s has a new password. All devices are logged out and all tokens have ended. "
            "Log in with the new password.",
            name=member.username,
        )
    )
    return see("accounts.login")
