"""/profile/delete - let one's account end; /profile/keep - think better of it."""

from __future__ import annotations

from flask import current_app, flash, session
from flask_babel import gettext as _
from flask_login import current_user, logout_user
from werkzeug.wrappers import Response

from frontdesk.access import fresh
from frontdesk.accounts.models import username_key
from frontdesk.files import service as files
from frontdesk.forms import Refused
from frontdesk.language import day
from frontdesk.pages import page, see
from frontdesk.profile import leaving, service
from frontdesk.profile.account_forms import DeleteForm
from frontdesk.profile.profile import bp

A_DAY = 86_400


@bp.route("/profile/delete", methods=["GET", "POST"])
@fresh
def delete() -> Response:
    """Say what goes and what stays, ask for the username, and let the account end."""
    form = DeleteForm()
    if form.validate_on_submit():
        with form.explains():
            _check_name(form.username.data or "")
            leaves_at = leaving.ask(current_user.id)
            said = _("Your account goes on %(day)s. Log in before then to keep it.",
                     day=day(leaves_at))  # fmt: skip
            logout_user()
            session.clear()
            flash(said)
            return see("hello.welcome")
    return page(
        "profile/delete.html",
        form,
        amount=service.amount(current_user.id),
        space=files.space_of(current_user),
        days=current_app.config["DELETE_GRACE"] // A_DAY,
    )


@bp.post("/profile/keep")
def keep() -> Response:
    """Keep an account that was to end."""
    leaving.keep(current_user.id)
    flash(_("Your account stays."))
    return see("profile.profile")


def _check_name(typed: str) -> None:
    """:raise Refused: if it isn't the member's username"""
    if username_key(typed.strip()) != username_key(current_user.username):
        raise Refused(_("Enter your username as it stands above"), "username")
