"""/profile/invites - a member invites others, where MEMBERS_MAY_INVITE says so."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk import mail
from frontdesk.accounts import invites as service
from frontdesk.accounts.models import Invite
from frontdesk.files.paging import Part, View, a_page
from frontdesk.forms import Refused
from frontdesk.pages import page, see
from frontdesk.profile.invite_forms import InviteForm
from frontdesk.profile.profile import bp


@bp.route("/profile/invites", methods=["GET", "POST"])
def inviting() -> Response:
    """List one's own invites, and make one; its link is shown once, as a token is.

    :raise 404: if only admins invite
    """
    if not service.members_may():
        abort(404)
    form, address = InviteForm(), ""
    if form.validate_on_submit():
        terms = service.Terms(email=(form.email.data or "").strip())
        try:
            address = service.create(current_user, form.invite_id(), terms)
        except Refused as no:
            if no.status == 429:
                raise
            form.form_errors.append(no.why)
    return _page(form, address)


@bp.post("/profile/invites/<uuid:invite_id>/revoke")
def revoke_invite(invite_id: UUID) -> Response:
    """End one of one's own invites.

    :raise 404: if it isn't one
    """
    if not service.revoke(invite_id, current_user.id):
        abort(404)
    flash(_("The invite has ended."))
    return see("profile.inviting")


def _page(form: InviteForm, address: str) -> Response:
    mine = service.LISTED.where(Invite.created_by == current_user.id)
    part = Part("i", mine, Invite.created_at, Invite.id, is_falling=True, facts={})
    asked = View(after=request.args.get("after", ""), before=request.args.get("before", ""))
    shown = a_page([part], asked)
    lines = [(line, service.state(line)) for line in shown.lines["i"]]
    email = form.email.data if address and mail.is_on() else ""
    return page("profile/inviting.html", form, made=address, email=email, shown=shown, lines=lines)
