"""/invite/TOKEN - make an account that somebody has invited one to."""

from __future__ import annotations

from flask import current_app, flash, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from frontdesk.access import public
from frontdesk.accounts import entering, invites
from frontdesk.accounts.attempts import count_try, forgive_try, network
from frontdesk.accounts.login import bp
from frontdesk.accounts.newcomer_forms import AcceptForm
from frontdesk.forms import Refused
from frontdesk.pages import page, say_no, see


@bp.route("/invite/<token>", methods=["GET", "POST"])
@public
def invite(token: str) -> Response:
    """Say who invites, ask for a name and a password, and let the new member in.

    :raise 404: if there never was such an invite; who guesses on is told to wait
    :raise 410: if it has ended
    """
    try:
        found = invites.find(token)
    except NotFound:
        count_try(_limit())
        raise
    form = AcceptForm(email=found.email, letter=request.args.get("letter", ""))
    if not current_user.is_authenticated and form.validate_on_submit():
        try:
            return _accept(token, form)
        except Refused as no:
            return say_no("accounts/invite.html", form, no, invite=found, token=token)
    response = page("accounts/invite.html", form, invite=found, token=token)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _accept(token: str, form: AcceptForm) -> Response:
    """:raise Refused: if the name is taken or the password too weak; such tries are counted"""
    limit = _limit()
    count_try(limit)
    member = invites.accept(token, form.newcomer(), form.letter.data or "")
    forgive_try(limit)
    is_in = entering.enter(member, False, "password")  # it begins a new session
    flash(_("Welcome! Your account is ready."))
    return see("hello.home") if is_in else see("accounts.second_step")


def _limit() -> dict[str, int]:
    allowed: int = current_app.config["LOGIN_TRIES_PER_ADDRESS"]
    return {f"invite:{network(request.remote_addr or '')}": allowed}
