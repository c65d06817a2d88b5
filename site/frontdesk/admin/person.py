"""/admin/people/NAME - one person: what there is to know, their quota, and where they are in."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.access import admin_only
from frontdesk.accounts import people as service
from frontdesk.accounts import service as accounts
from frontdesk.accounts.models import ADMIN, MEMBER, Member
from frontdesk.admin.overview import bp
from frontdesk.admin.person_forms import QuotaForm
from frontdesk.files import service as files
from frontdesk.pages import page, see


@bp.get("/people/<name>")
@admin_only
def person(name: str) -> Response:
    """Show one person to the admin.

    :raise 404: if nobody is called that
    """
    member = get_member(name)
    return _page(member, QuotaForm(quota=member.quota))


@bp.post("/people/<name>/quota")
@admin_only
def quota(name: str) -> Response:
    """Change how much a member may keep."""
    member, form = get_member(name), QuotaForm()
    if form.validate_on_submit():
        service.set_quota(member, form.quota.data)
        flash(_("The quota is saved."))
        return see("admin.person", name=member.username)
    return _page(member, form)


@bp.post("/people/<name>/enable")
@admin_only
def enable(name: str) -> Response:
    """Let a member log in again."""
    member = get_member(name)
    accounts.set_enabled(member, True)
    flash(_("%(name)s may log in again.", name=member.username))
    return see("admin.person", name=member.username)


@bp.post("/people/<name>/sessions/end")
@admin_only
def end_sessions(name: str) -> Response:
    """Log a member out everywhere."""
    member = get_member(name)
    service.end_sessions(member)
    flash(_("%(name)s is logged out everywhere.", name=member.username))
    return see("admin.person", name=member.username)


@bp.post("/people/<name>/sessions/<uuid:session_id>/end")
@admin_only
def end_session(name: str, session_id: UUID) -> Response:
    """Log a member out on one device."""
    member = get_member(name)
    service.end_session(member, session_id)
    flash(_("That log-in has ended."))
    return see("admin.person", name=member.username)


def get_member(name: str) -> Member:
    """:raise 404: if nobody is called that"""
    member = accounts.find(name)
    if member is None or member.role not in {ADMIN, MEMBER}:
        abort(404)
    return member


def _page(member: Member, form: QuotaForm) -> Response:
    app, passkeys = service.second_steps_of(member.id)
    return page(
        "admin/person.html",
        form,
        member=member,
        space=files.space_of(member),
        sessions=service.sessions_of(member.id),
        tokens=service.tokens_of(member.id),
        has_app=app,
        passkeys=passkeys,
        is_me=member.id == current_user.id,
    )
