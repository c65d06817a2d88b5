"""/profile/notifications - which letters a member gets."""

from __future__ import annotations

from flask import flash
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk import mail
from frontdesk.accounts import notifications as letters
from frontdesk.pages import page, see
from frontdesk.profile import service
from frontdesk.profile.account_forms import NotificationsForm
from frontdesk.profile.profile import bp


@bp.route("/profile/notifications", methods=["GET", "POST"])
def notifications() -> Response:
    """Show and change which of the letters that can be switched off a member gets."""
    member = service.get(current_user.id)
    form = NotificationsForm(data={kind: kind not in member.silent for kind in letters.KINDS})
    if form.validate_on_submit():
        letters.choose(member.id, [kind for kind in letters.KINDS if form[kind].data])
        flash(_("Your choice is saved."))
        return see("profile.notifications")
    return page("profile/notifications.html", form, member=member, is_on=mail.is_on())
