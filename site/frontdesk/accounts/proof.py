"""/proof - show once more who you are, before what touches the account itself."""

from __future__ import annotations

from flask import redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.access import safe_next
from frontdesk.accounts import service, sessions
from frontdesk.accounts.forms import ProofForm
from frontdesk.accounts.login import bp
from frontdesk.forms import Refused
from frontdesk.pages import page, say_no


@bp.route("/proof", methods=["GET", "POST"])
def proof() -> Response:
    """Ask for the password, then go on to where one wanted to go."""
    form = ProofForm(next=safe_next(request.args.get("next")) or "")
    onward = safe_next(form.next.data) or url_for("profile.profile")
    if form.validate_on_submit():
        try:
            service.check_password(
                current_user.id, form.password.data or "", request.remote_addr or ""
            )
        except Refused as no:
            return say_no("accounts/proof.html", form, no)
        sessions.prove()
        return redirect(onward, 303)
    return page("accounts/proof.html", form)
