"""/profile/identities - the company's account that lets one in here."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.access import fresh
from frontdesk.accounts import identities as service
from frontdesk.accounts import openid
from frontdesk.pages import page, see
from frontdesk.profile.profile import bp


@bp.get("/profile/identities")
@fresh
def identities() -> Response:
    """List what is linked.

    :raise 404: if the site has no provider, and nothing is linked
    """
    found = service.of(current_user.id)
    if not found and not openid.is_on():
        abort(404)
    return page(
        "profile/identities.html", identities=found, name=openid.name(), is_on=openid.is_on()
    )


@bp.post("/profile/identities/<uuid:identity_id>/unlink")
@fresh
def unlink(identity_id: UUID) -> Response:
    """End a link: whom the provider knows is a stranger here again.

    :raise 404: if it is none of the member's
    """
    if not service.unlink(current_user.id, identity_id):
        abort(404)
    flash(_("The account is linked no longer."))
    return see("profile.identities")
