"""/admin/invites - whom the site has invited, and to invite more."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk import mail
from frontdesk.access import admin_only, fresh
from frontdesk.accounts import invites as service
from frontdesk.accounts.models import Invite
from frontdesk.admin.invite_forms import NewInviteForm
from frontdesk.admin.overview import bp
from frontdesk.files.paging import Part, View, a_page
from frontdesk.pages import page, see

LATEST = Part("i", service.LISTED, Invite.created_at, Invite.id, is_falling=True, facts={})


@bp.get("/invites")
@admin_only
def invites() -> Response:
    """List invites, the latest first: for whom, by whom, how often used, until when."""
    asked = View(after=request.args.get("after", ""), before=request.args.get("before", ""))
    shown = a_page([LATEST], asked)
    lines = [(line, service.state(line)) for line in shown.lines["i"]]
    return page("admin/invites.html", shown=shown, lines=lines)


@bp.route("/invites/new", methods=["GET", "POST"])
@admin_only
@fresh
def new_invite() -> Response:
    """Make an invite; the answer to the form shows its link once, as a token's page does."""
    form, address = NewInviteForm(), ""
    if form.validate_on_submit():
        with form.explains():
            address = service.create(current_user, form.invite_id(), form.terms())
    email = form.email.data if address and mail.is_on() else ""
    return page("admin/new_invite.html", form, made=address, email=email)


@bp.post("/invites/<uuid:invite_id>/revoke")
@admin_only
def revoke_invite(invite_id: UUID) -> Response:
    """End an invite: whoever holds it reads that it has ended.

    :raise 404: if there is none of that id
    """
    if not service.revoke(invite_id):
        abort(404)
    flash(_("The invite has ended."))
    return see("admin.invites")
