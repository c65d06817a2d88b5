"""/admin/people/NAME/… - change what a person may do: disable, role, the end of all ways in."""

from __future__ import annotations

from flask import flash
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.access import admin_only, fresh
from frontdesk.accounts import people as service
from frontdesk.accounts import service as accounts
from frontdesk.accounts.models import ADMIN, MEMBER
from frontdesk.admin.deeds import Deed, check_somebody_else
from frontdesk.admin.overview import bp
from frontdesk.admin.person import get_member
from frontdesk.admin.person_forms import RoleForm
from frontdesk.pages import page, see


@bp.route("/people/<name>/disable", methods=["GET", "POST"])
@admin_only
def disable(name: str) -> Response:
    """Ask, and let a member in no more; of an admin the username is to be typed."""
    member = get_member(name)
    deed = Deed(
        member,
        heading=_("Disable %(name)s?", name=member.username),
        says=_(
            "They are logged out at once and can not log in; their links stop. Nothing of"
            " theirs is deleted, and you can enable them again.",
        ),
        button=_("Disable"),
        must_type=member.role == ADMIN,
    )
    form = deed.form()
    if form.validate_on_submit():
        with form.explains():
            check_somebody_else(member)
            accounts.set_enabled(member, False)
            return deed.done(_("%(name)s is disabled.", name=member.username))
    return deed.ask(form)


@bp.route("/people/<name>/role", methods=["GET", "POST"])
@admin_only
@fresh
def role(name: str) -> Response:
    """Change what a member may do; who is an admin is asked for once more on the next page."""
    member = get_member(name)
    form = RoleForm(role=member.role)
    if form.validate_on_submit():
        if member.role == ADMIN and form.role.data != ADMIN:
            return see("admin.demote", name=member.username)
        service.set_role(member, form.role.data)
        flash(_("The role is saved."))
        return see("admin.person", name=member.username)
    return page("admin/role.html", form, member=member)


@bp.route("/people/<name>/demote", methods=["GET", "POST"])
@admin_only
@fresh
def demote(name: str) -> Response:
    """Ask for the username, and make an admin a member."""
    member = get_member(name)
    deed = Deed(
        member,
        heading=_("Make %(name)s a member?", name=member.username),
        says=_(
            "They no longer see these pages, from their next click on. Their files stay.",
        ),
        button=_("Make a member"),
        must_type=True,
    )
    form = deed.form()
    if form.validate_on_submit():
        with form.explains():
            service.set_role(member, MEMBER)
            if member.id == current_user.id:
                return see("hello.home")
            return deed.done(_("%(name)s is a member now.", name=member.username))
    return deed.ask(form)


@bp.route("/people/<name>/end", methods=["GET", "POST"])
@admin_only
@fresh
def end_everything(name: str) -> Response:
    """Ask for the username, and end log-ins, tokens and trusted devices."""
    member = get_member(name)
    deed = Deed(
        member,
        heading=_("End everything that lets %(name)s in?", name=member.username),
        says=_(
            "For an account that somebody else has got hold of. All log-ins, tokens, "
            "trusted devices and reset links end. The password and the second step stay "
            "as they are.",
        ),
        button=_("End everything"),
        must_type=True,
    )
    form = deed.form()
    if form.validate_on_submit():
        with form.explains():
            check_somebody_else(member)
            service.end_everything(member)
            said = _("Everything that let %(name)s in has ended.", name=member.username)
            return deed.done(said)
    return deed.ask(form)
