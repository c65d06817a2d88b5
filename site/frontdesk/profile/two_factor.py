"""/profile/two-factor - set up a second step, make recovery codes, forget devices, turn it off."""

from __future__ import annotations

from uuid import UUID

import segno
from flask import flash, redirect, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.access import fresh
from frontdesk.accounts import entering, recovery, required, second_steps, totp, trusted
from frontdesk.forms import Form
from frontdesk.pages import page, see
from frontdesk.profile import service
from frontdesk.profile.profile import bp
from frontdesk.profile.two_factor_forms import AppForm, CodesForm


@bp.get("/profile/two-factor")
@fresh
def two_factor() -> Response:
    """Say whether a second step is on, and what there is to do with it."""
    me = current_user.id
    return page(
        "profile/two_factor.html",
        Form(),
        since=totp.since(me),
        is_on=entering.has_second_step(current_user),
        is_required=second_steps.is_required(current_user.role),
        is_missing=required.is_missing(),
        codes_left=recovery.left(me),
        devices=[(device, trusted.is_here(device)) for device in trusted.of(me)],
    )


@bp.post("/profile/two-factor/begin")
@fresh
def begin_authenticator() -> Response:
    """Make a secret for an app, in place of one that waits already."""
    totp.begin(current_user.id)
    return see("profile.authenticator")


@bp.route("/profile/two-factor/app", methods=["GET", "POST"])
@fresh
def authenticator() -> Response:
    """Show the secret that waits, and take the app's first code.

    Loading it again shows the same secret. The answer to the code shows the recovery codes, as
    they lie nowhere; loading that again finds nothing waiting, and shows none.
    """
    secret = totp.waiting(current_user.id)
    if secret is None:
        return see("profile.two_factor")
    form = AppForm()
    if form.validate_on_submit():
        with form.explains():
            codes = second_steps.turn_on(service.get(current_user.id), form.code.data or "")
            return _turned_on(codes)
    address = totp.otpauth(secret, current_user.username)
    return page(
        "profile/authenticator.html",
        form,
        otpauth=address,
        qr=segno.make(address, micro=False).svg_data_uri(border=4, dark="#000", light="#fff"),
        groups=[secret[at : at + 4] for at in range(0, len(secret), 4)],
    )


@bp.route("/profile/two-factor/codes", methods=["GET", "POST"])
@fresh
def recovery_codes() -> Response:
    """Make new recovery codes; the answer shows them, once."""
    form = CodesForm(seen=recovery.mark(current_user.id))
    if not entering.has_second_step(current_user):
        return see("profile.two_factor")
    if form.validate_on_submit():
        with form.explains():
            return _shown(recovery.renew(current_user.id, form.seen.data or ""))
    form.seen.data = recovery.mark(current_user.id)
    return page("profile/recovery_codes.html", form, left=recovery.left(current_user.id), codes=[])


@bp.route("/profile/two-factor/off", methods=["GET", "POST"])
@fresh
def two_factor_off() -> Response:
    """Ask, then remove the app."""
    form = Form()
    if totp.since(current_user.id) is None:
        return see("profile.two_factor")
    if form.validate_on_submit():
        with form.explains():
            second_steps.turn_off(service.get(current_user.id))
            flash(_("Your authenticator app is removed."))
            return see("profile.two_factor")
    return page("profile/two_factor_off.html", form)


@bp.post("/profile/two-factor/devices/<uuid:device_id>/forget")
@fresh
def forget_device(device_id: UUID) -> Response:
    """Ask that device for the second step from now on."""
    trusted.forget(current_user.id, device_id)
    flash(_("That device is asked for the second step again."))
    return redirect(url_for("profile.two_factor", _anchor="devices"), 303)


def _turned_on(codes: list[str]) -> Response:
    if codes:
        return _shown(codes)
    flash(_("Your new authenticator app counts from now on."))
    return see("profile.two_factor")


def _shown(codes: list[str]) -> Response:
    return page("profile/recovery_codes.html", Form(), codes=codes)
