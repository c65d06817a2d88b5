"""/setup/SECRET - make the first account; then the address is gone."""

from __future__ import annotations

import hmac

from flask import abort, current_app, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from frontdesk.access import public
from frontdesk.accounts import service
from frontdesk.accounts.attempts import count_try, network
from frontdesk.accounts.forms import SetupForm
from frontdesk.accounts.login import bp
from frontdesk.pages import page, see


@bp.route("/setup/<secret>", methods=["GET", "POST"])
@public
def setup(secret: str) -> Response:
    """Ask for the first account's name and password.

    :raise 404: if the secret is wrong; who guesses on is told to wait
    :raise 410: if there is an account already
    """
    if not hmac.compare_digest(secret.encode(), service.setup_token().encode()):
        address = network(request.remote_addr or "")
        count_try({f"setup:{address}": current_app.config["LOGIN_TRIES_PER_ADDRESS"]})
        abort(404)
    if service.anybody():
        abort(410)
    form = SetupForm()
    if form.validate_on_submit():
        with form.explains():
            member = service.set_up(form.username.data or "", form.password.data or "")
            flash(_("The account %(name)s is ready. Log in with it.", name=member.username))
            return see("accounts.login")
    return page("accounts/setup.html", form)
