"""/profile/address - where letters go; /address/SECRET - either end of a change says yes or no."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk import mail
from frontdesk.access import fresh, public
from frontdesk.accounts import addresses
from frontdesk.accounts.models import Member, Ticket
from frontdesk.db import db
from frontdesk.forms import Form, Refused
from frontdesk.pages import page, say_no, see
from frontdesk.profile import service
from frontdesk.profile.account_forms import AddressForm
from frontdesk.profile.profile import bp


@bp.route("/profile/address", methods=["GET", "POST"])
@fresh
def address() -> Response:
    """Show a member's address and whether it is confirmed, and begin to change it."""
    form = AddressForm()
    if form.validate_on_submit():
        try:
            asked = addresses.ask(current_user.id, form.email.data or "")
        except Refused as no:
            return say_no("profile/address.html", form, no, **_facts())
        flash(_("The letter is on its way.") if asked else _("Your address is saved."))
        return see("profile.address")
    return page("profile/address.html", form, **_facts())


def _facts() -> dict[str, Any]:
    return {
        "member": service.get(current_user.id),
        "change": addresses.under_way(current_user.id),
        "is_on": mail.is_on(),
    }


@bp.post("/profile/address/cancel")
def cancel_address() -> Response:
    """End a change that waits for its confirmation; the address stays as it is."""
    addresses.cancel(current_user.id)
    flash(_("Your address stays as it is."))
    return see("profile.address")


@bp.route("/address/<secret>", methods=["GET", "POST"])
@public
def confirm_address(secret: str) -> Response:
    """Ask whoever holds a letter, then confirm the new address at their end, or stop the change.

    Mail programs open links by themselves, so that looking does nothing.

    :raise 410: if the letter was used or has ended, or never was
    """
    ticket = addresses.find(secret)
    if ticket is None:
        abort(410)
    form = Form()
    if form.validate_on_submit():
        return _stop(secret) if "stop" in request.form else _confirm(form, ticket, secret)
    return _ask(form, ticket)


def _confirm(form: Form, ticket: Ticket, secret: str) -> Response:
    try:
        is_changed = addresses.confirm(secret)
    except Refused as no:
        with form.explains():
            raise
        return _ask(form, ticket, no.status)
    if is_changed is None:
        abort(410)
    return page("profile/address_confirmed.html", is_changed=is_changed)


def _stop(secret: str) -> Response:
    if not addresses.stop(secret):
        abort(410)
    return page("profile/address_stopped.html")


def _ask(form: Form, ticket: Ticket, status: int = 0) -> Response:
    response = page(
        "profile/confirm_address.html",
        form,
        status,
        member=db.session.get_one(Member, ticket.member_id),
        email=ticket.facts["email"],
        is_old_end=ticket.kind == addresses.OLD_END,
    )
    response.headers["X-Robots-Tag"] = "noindex"
    return response
