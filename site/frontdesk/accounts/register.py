"""/register - make an account by oneself; /confirm/SECRET - say that an address is one's own."""

from __future__ import annotations

from flask import abort, current_app, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from frontdesk import mail
from frontdesk.access import public
from frontdesk.accounts import confirming, registration
from frontdesk.accounts.login import bp
from frontdesk.accounts.newcomer_forms import RegisterForm
from frontdesk.forms import Form, Refused
from frontdesk.pages import page, say_no, see


@bp.route("/register", methods=["GET", "POST"])
@public
def register() -> Response:
    """Ask for a name, an address and a password; or say that one needs an invite.

    :raise 404: if registration is closed
    """
    if current_app.config["REGISTRATION"] == "closed":
        abort(404)
    if not registration.is_open():
        return page("accounts/by_invite.html")
    form = RegisterForm()
    if form.validate_on_submit():
        try:
            registration.register(form.newcomer(), request.remote_addr or "")
        except Refused as no:
            return say_no("accounts/register.html", form, no)
        return see("accounts.registered")
    return page("accounts/register.html", form)


@bp.get("/register/done")
@public
def registered() -> Response:
    """Say what happens next, the same to everybody.

    :raise 404: if registration isn't open
    """
    if not registration.is_open():
        abort(404)
    return page("accounts/registered.html", by_letter=mail.is_on())


@bp.route("/confirm/<secret>", methods=["GET", "POST"])
@public
def confirm(secret: str) -> Response:
    """Ask, then note that the address is theirs: some mail programs open links by themselves.

    :raise 410: if the link was used, has ended or never was
    """
    form = Form()
    if form.validate_on_submit():
        member = confirming.confirm(secret)
        if member.waiting_since:
            flash(_("Your address is confirmed. You get a letter when an admin has let you in."))
        else:
            flash(_("Your address is confirmed."))
        return see("accounts.login")
    return page("accounts/confirm.html", form, member=confirming.find(secret))
