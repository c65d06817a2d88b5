"""/profile/passkeys - add passkeys, name them, remove them."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from flask import abort, flash, jsonify, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.access import fresh
from frontdesk.accounts import ceremonies
from frontdesk.accounts import passkeys as service
from frontdesk.accounts.challenges import REGISTER, Asked
from frontdesk.accounts.models import Passkey
from frontdesk.forms import Form
from frontdesk.pages import page, see
from frontdesk.profile.passkey_forms import PasskeyForm
from frontdesk.profile.profile import bp


@bp.get("/profile/passkeys")
@fresh
def passkeys() -> Response:
    """List a member's passkeys, and offer to add one."""
    mine = service.of(current_user.id)
    return page(
        "profile/passkeys.html",
        passkeys=mine,
        passkey=_offer() if len(mine) < service.MOST_PASSKEYS else None,
        most=service.MOST_PASSKEYS,
        why_none="" if ceremonies.party() else ceremonies.why_none(),
    )


@bp.post("/profile/passkeys/options")
@fresh
def passkey_options() -> Response:
    """What the browser is asked to make."""
    return jsonify(service.registration_options(ceremonies.the_party(), _asked()))


@bp.post("/profile/passkeys")
@fresh
def add_passkey() -> Response:
    """Keep what the browser has made; the answer leads to the page where it gets its name."""
    said = None
    with suppress(RecursionError):
        said = request.get_json(silent=True)
    if not isinstance(said, dict):
        abort(400)
    passkey = service.register(ceremonies.the_party(), _asked(), said.get("credential"))
    flash(_("The passkey is added. Give it a name."))
    return jsonify(location=url_for("profile.passkey", passkey_id=passkey.id))


@bp.route("/profile/passkeys/<uuid:passkey_id>", methods=["GET", "POST"])
@fresh
def passkey(passkey_id: UUID) -> Response:
    """Name a passkey."""
    found = _get(passkey_id)
    form = PasskeyForm(name=found.name)
    if form.validate_on_submit():
        service.rename(found, (form.name.data or "").strip())
        flash(_("The name is saved."))
        return see("profile.passkeys")
    return page("profile/passkey.html", form, name=found.name)


@bp.route("/profile/passkeys/<uuid:passkey_id>/remove", methods=["GET", "POST"])
@fresh
def remove_passkey(passkey_id: UUID) -> Response:
    """Ask, then remove it: it opens nothing any more."""
    found, form = _get(passkey_id), Form()
    if form.validate_on_submit():
        name = found.name
        with form.explains():
            service.remove(found)
            flash(_("“%(name)s” is removed.", name=name))
            return see("profile.passkeys")
    is_last = service.is_last_second_step(current_user.id)
    return page("profile/remove_passkey.html", form, passkey=found, is_last=is_last)


def _get(passkey_id: UUID) -> Passkey:
    """:raise 404: if it is missing, or not the member's"""
    return service.get(current_user.id, passkey_id) or abort(404)


def _asked() -> Asked:
    return Asked(REGISTER, current_user.id, str(session.get("csrf_token", "")))


def _offer() -> dict[str, str] | None:
    party = ceremonies.party()
    if party is None:
        return None
    return {
        "origin": party.origin,
        "options": url_for("profile.passkey_options"),
        "verify": url_for("profile.add_passkey"),
        "half": "",
        "button": _("Add a passkey"),
        "primary": "1",
    }
