"""An authenticator app: set up by a code of its own, then each code is good once (RFC 6238).

A code is of a 30-second step; the step before and the one after count too, for clocks that are off.
A secret that waits for its first code lies in a ticket, so that an app in use goes on counting
until another takes its place.
"""

from __future__ import annotations

import hmac
import re
import time
from datetime import datetime, timedelta
from uuid import UUID

import pyotp
from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import Select, select, update

from frontdesk import sealing
from frontdesk.accounts import tickets
from frontdesk.accounts.models import Authenticator, Ticket
from frontdesk.db import db, now, transaction
from frontdesk.forms import Refused

SHAPE = re.compile(r"[0-9]{6}")
STEP, DRIFT = 30, 1  # seconds; steps before and after this one that are good too
PURPOSE = "authenticator"
LASTS = timedelta(hours=1)  # to install an app, and to come back


def begin(member_id: UUID) -> None:
    """Make a secret that waits for its first code; one that waited already is gone."""
    with transaction():
        tickets.void(PURPOSE, member_id)
        sealed = sealing.seal(pyotp.random_base32(), PURPOSE)
        tickets.issue(PURPOSE, member_id, LASTS, sealed=sealed)


def waiting(member_id: UUID) -> str | None:
    """The secret that waits for its first code, in base32."""
    ticket = db.session.scalar(_waiting(member_id))
    return _unsealed(ticket.facts["sealed"]) if ticket else None


def otpauth(secret: str, username: str) -> str:
    """The address that an app reads from a QR code, or opens itself."""
    issuer = current_app.config["SITE_NAME"]
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=issuer)


def confirm(member_id: UUID, code: str) -> None:
    """The app whose secret waits is the member's from now on, in place of any other.

    A part of another verb.

    :raise Refused: if none waits, or ``code`` is not of this moment
    """
    ticket = db.session.scalar(_waiting(member_id).with_for_update())
    secret = _unsealed(ticket.facts["sealed"]) if ticket else None
    if ticket is None or secret is None:
        raise Refused(_("This page was open too long. Begin again."))
    step = _step_of(secret, code, after=0)
    if step is None:
        said = _("The code is not right. Enter the one that your app shows now.")
        raise Refused(said, "code")
    app = db.session.get(Authenticator, member_id) or Authenticator(member_id=member_id)
    app.sealed, app.confirmed_at, app.last_step = ticket.facts["sealed"], now(), step
    db.session.add(app)
    db.session.delete(ticket)


def verify(member_id: UUID, code: str) -> bool:
    """Whether ``code`` is good now; then it, and what came before it, never is again.

    A part of another verb. Of two who show it at once, one is right: the row changes by condition.
    """
    app = db.session.get(Authenticator, member_id)
    secret = _unsealed(app.sealed) if app and app.confirmed_at else None
    if app is None or secret is None:
        return False
    step = _step_of(secret, code, after=app.last_step)
    older = Authenticator.member_id == member_id, Authenticator.last_step < (step or 0)
    raised = update(Authenticator).where(*older).values(last_step=step)
    found = db.session.scalar(raised.returning(Authenticator.member_id)) if step else None
    return found is not None


def since(member_id: UUID) -> datetime | None:
    """When the member's app began to count; None if they have none."""
    mine = select(Authenticator.confirmed_at).where(Authenticator.member_id == member_id)
    return db.session.scalar(mine)


def _waiting(member_id: UUID) -> Select[Ticket]:
    mine = Ticket.member_id == member_id, Ticket.kind == PURPOSE
    return select(Ticket).where(*mine, Ticket.expires_at > now())


def _step_of(secret: str, code: str, after: int) -> int | None:
    """The first step near this moment, and later than ``after``, whose code this is."""
    totp, this = pyotp.TOTP(secret), int(time.time()) // STEP
    good = [
        step
        for step in range(this - DRIFT, this + DRIFT + 1)
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()) and step > after
    ]
    return good[0] if good else None


def _unsealed(sealed: str) -> str | None:
    try:
        return sealing.unseal(sealed, PURPOSE)
    except sealing.Broken as error:  # the member has recovery codes, and an admin
        current_app.logger.error("An authenticator's secret is lost: %s", error)
        return None
