"""/login/second-step - what comes after the password, for who has an app or a passkey."""

from __future__ import annotations

from flask import current_app, flash, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.access import public, safe_next
from frontdesk.accounts import entering, second_steps, totp, trusted
from frontdesk.accounts.login import bp
from frontdesk.accounts.models import HalfLogin
from frontdesk.accounts.second_step_forms import CodeForm, RecoveryForm
from frontdesk.forms import Refused
from frontdesk.pages import page, say_no, see
from frontdesk.security import set_cookie

Asking = CodeForm | RecoveryForm
DAY = 86_400


@bp.route("/login/second-step", methods=["GET", "POST"])
@public
def second_step() -> Response:
    """Ask for the app's code or a recovery code, then log in whole. ``?by=recovery`` asks so."""
    found = entering.half()
    if found is None or current_user.is_authenticated:
        return _go_elsewhere()
    has_app = totp.since(found.member_id) is not None
    form = _form(by_app=has_app and request.args.get("by") != second_steps.RECOVERY)
    if form.validate_on_submit():
        try:
            method = second_steps.prove(
                found.member, form.code.data or "", request.remote_addr or ""
            )
        except Refused as no:
            form.code.data = ""  # it is wrong, or used up by now
            return say_no("accounts/second_step.html", form, no, has_app=has_app)
        return _let_in(form, found, method)
    return page("accounts/second_step.html", form, has_app=has_app)


@bp.post("/login/second-step/leave")
@public
def leave_second_step() -> Response:
    """Give the half log-in up."""
    entering.leave()
    return see("accounts.login")


def _form(by_app: bool) -> Asking:
    onward = safe_next(request.args.get("next")) or ""
    form = CodeForm(next=onward) if by_app else RecoveryForm(next=onward)
    lasts = current_app.config["TRUSTED_DEVICE"]
    if not lasts:
        del form.trust
        return form
    form.trust.label.text = ngettext(
        "Trust this device for %(num)s day",
        "Trust this device for %(num)s days",
        max(lasts // DAY, 1),
    )
    return form


def _go_elsewhere() -> Response:
    """Where who is in already was going; who isn't even half in begins at the beginning."""
    onward = safe_next(request.values.get("next"))
    if current_user.is_authenticated:
        return redirect(onward or url_for("hello.home"), 303)
    if session.pop(entering.HALF, None):
        flash(_("The second step took too long. Log in again."))
    return see("accounts.login", next=onward)


def _let_in(form: Asking, found: HalfLogin, method: str) -> Response:
    member_id = found.member_id
    entering.complete(found, method)
    response = redirect(safe_next(form.next.data) or url_for("hello.home"), 303)
    if "trust" in form and form.trust.data:
        lasts = current_app.config["TRUSTED_DEVICE"]
        set_cookie(response, trusted.COOKIE, trusted.trust(member_id), lasts)
    return response
