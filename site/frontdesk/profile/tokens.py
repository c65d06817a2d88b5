"""/profile/tokens - let programs in by tokens of their own, and end them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import current_app, flash, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.access import fresh
from frontdesk.accounts import tokens as service
from frontdesk.accounts.models import Token
from frontdesk.db import now
from frontdesk.pages import page, see
from frontdesk.profile.forms import TokenForm
from frontdesk.profile.profile import bp


@bp.route("/profile/tokens", methods=["GET", "POST"])
@fresh
def tokens() -> Response:
    """List a member's tokens, and make one.

    The answer to the form shows the token itself, not a redirect: between two requests it would
    have to lie somewhere, and no place for that is better than none. Loading the answer again sends
    the same id again, which makes no second token and shows none.
    """
    form, secret = TokenForm(), ""
    if form.validate_on_submit():
        with form.explains():
            days = int(form.days.data) if form.days.data.isdecimal() else None
            name = (form.name.data or "").strip()
            secret = service.create(current_user.id, form.token_id(), name, form.scope.data, days)
    return _page(form, secret)


@bp.post("/profile/tokens/<uuid:token_id>/revoke")
def revoke(token_id: UUID) -> Response:
    """End a token: the program that shows it is a stranger from now on."""
    name = service.revoke(current_user.id, token_id)
    flash(_("The token has ended.") if name is None else _("“%(name)s” has ended.", name=name))
    return see("profile.tokens")


def _page(form: TokenForm, secret: str) -> Response:
    return page(
        "profile/tokens.html",
        form,
        secret=secret,
        tokens=[(token, _ended(token, now())) for token in service.of(current_user.id)],
        root=str(current_app.config["PUBLIC_URL"] or request.host_url).rstrip("/"),
    )


def _ended(token: Token, moment: datetime) -> bool:
    return token.expires_at is not None and token.expires_at <= moment
