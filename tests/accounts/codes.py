"""An authenticator app for tests."""

from __future__ import annotations

import time

import pyotp
from flask import Flask

from frontdesk import sealing
from frontdesk.accounts import recovery, service, totp
from frontdesk.accounts.models import Authenticator
from frontdesk.db import now, transaction

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def give_app(app: Flask, name: str) -> list[str]:
    """Give a member an app that counts; their recovery codes."""
    with app.app_context(), transaction() as session:
        member = service.find(name)
        assert member
        sealed = sealing.seal(SECRET, totp.PURPOSE)
        session.add(Authenticator(member_id=member.id, sealed=sealed, confirmed_at=now()))
        return recovery.make(member.id)


def code_now(steps: int = 0) -> str:
    """What the app shows; or one whose clock is so many half minutes off."""
    return pyotp.TOTP(SECRET).at(int(time.time()) + 30 * steps)
