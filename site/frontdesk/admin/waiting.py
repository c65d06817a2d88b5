"""/admin/waiting - who has registered and waits to be let in."""

from __future__ import annotations

from uuid import UUID

from flask import flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from frontdesk.access import admin_only
from frontdesk.accounts import registration as service
from frontdesk.accounts.models import Member
from frontdesk.admin.overview import bp
from frontdesk.files.paging import Part, View, a_page
from frontdesk.forms import Refused
from frontdesk.pages import page, see

LONGEST_WAITING = Part("w", service.WAITING, Member.waiting_since, Member.id, False, {})


@bp.get("/waiting")
@admin_only
def waiting() -> Response:
    """List them, the longest waiting first."""
    asked = View(after=request.args.get("after", ""), before=request.args.get("before", ""))
    shown = a_page([LONGEST_WAITING], asked)
    return page("admin/waiting.html", shown=shown, lines=shown.lines["w"])


@bp.post("/waiting/<uuid:member_id>/admit")
@admin_only
def admit(member_id: UUID) -> Response:
    """Let somebody in. Twice is once."""
    try:
        name = service.admit(member_id)
    except Refused as no:
        flash(no.why, "error")
        return see("admin.waiting")
    flash(_("%(name)s may log in now.", name=name) if name else _("Nobody of that name waits."))
    return see("admin.waiting")


@bp.post("/waiting/<uuid:member_id>/turn-away")
@admin_only
def turn_away(member_id: UUID) -> Response:
    """Remove the account of somebody who waits. Twice is once."""
    name = service.turn_away(member_id)
    flash(_("%(name)s is turned away.", name=name) if name else _("Nobody of that name waits."))
    return see("admin.waiting")
