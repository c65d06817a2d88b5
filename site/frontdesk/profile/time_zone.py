"""/profile/time-zone - in which zone dates and times are said."""

from __future__ import annotations

from flask import flash
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.db import now
from frontdesk.pages import page, see
from frontdesk.profile import service
from frontdesk.profile.account_forms import TimeZoneForm
from frontdesk.profile.profile import bp


@bp.route("/profile/time-zone", methods=["GET", "POST"])
def time_zone() -> Response:
    """Show and change a member's zone. It has its own page: the list weighs more than the rest."""
    form = TimeZoneForm(timezone=current_user.timezone)
    if form.validate_on_submit():
        service.save(current_user.id, timezone=form.timezone.data)
        flash(_("Your time zone is saved."))
        return see("profile.time_zone")
    return page("profile/time_zone.html", form, moment=now())
