"""/admin/people/NAME/… - help who can't get in, and let an account end."""

from __future__ import annotations

from flask import current_app, flash
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from frontdesk.access import admin_only, fresh
from frontdesk.accounts import resets, second_steps
from frontdesk.accounts.models import ADMIN
from frontdesk.admin.deeds import Deed, check_somebody_else
from frontdesk.admin.overview import bp
from frontdesk.admin.person import get_member
from frontdesk.language import day
from frontdesk.pages import absolute, see
from frontdesk.profile import leaving


@bp.route("/people/<name>/reset-link", methods=["GET", "POST"])
@admin_only
@fresh
def reset_link(name: str) -> Response:
    """Make a link by which a member chooses a new password; here it is, once."""
    member, link = get_member(name), ""
    deed = Deed(
        member,
        heading=_("Reset link for %(name)s", name=member.username),
        says=_(
            "Whoever opens it can choose a new password, once. Give it to %(name)s in a "
            "way that nobody else reads.",
            name=member.username,
        ),
        button=_("Create reset link"),
        is_dangerous=False,
    )
    form = deed.form()
    if form.validate_on_submit():
        with form.explains():
            link = absolute("accounts.reset", secret=resets.admin_link(member))
    return deed.ask(form, link=link)


@bp.route("/people/<name>/second-step", methods=["GET", "POST"])
@admin_only
@fresh
def second_step(name: str) -> Response:
    """Ask, and let a member in by the password alone: they have lost the second step."""
    member = get_member(name)
    deed = Deed(
        member,
        heading=_("Remove the second step of %(name)s?", name=member.username),
        says=_(
            "Their authenticator app, recovery codes and passkeys no longer count. The "
            "password alone lets them in.",
        ),
        button=_("Remove second step"),
        must_type=member.role == ADMIN,
    )
    form = deed.form()
    if form.validate_on_submit():
        with form.explains():
            check_somebody_else(member)
            second_steps.remove_all(member)
            return deed.done(_("%(name)s has no second step now.", name=member.username))
    return deed.ask(form)


@bp.route("/people/<name>/delete", methods=["GET", "POST"])
@admin_only
@fresh
def delete_person(name: str) -> Response:
    """Ask for the username, and let an account end."""
    member = get_member(name)
    deed = Deed(
        member,
        heading=_("Delete the account of %(name)s?", name=member.username),
        says=ngettext(
            "It goes in %(num)s day, with all its files. Until then you can keep it.",
            "It goes in %(num)s days, with all its files. Until then you can keep it.",
            current_app.config["DELETE_GRACE"] // 86_400,
        ),
        button=_("Delete account"),
        must_type=True,
    )
    form = deed.form()
    if form.validate_on_submit():
        with form.explains():
            check_somebody_else(member)
            leaves = day(leaving.ask(member.id))
            said = _("The account of %(name)s goes on %(day)s.", name=member.username, day=leaves)
            return deed.done(said)
    return deed.ask(form)


@bp.post("/people/<name>/keep")
@admin_only
def keep_person(name: str) -> Response:
    """Keep an account that was to end."""
    member = get_member(name)
    leaving.keep(member.id)
    flash(_("The account of %(name)s stays.", name=member.username))
    return see("admin.person", name=member.username)
