"""Trusted devices: after a whole log-in there, the second step is not asked for a while.

The device's cookie alone logs nobody in: the password is asked as ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from flask import current_app, request
from sqlalchemy import delete, select

from frontdesk import audit
from frontdesk.accounts import secrets
from frontdesk.accounts.models import Member, TrustedDevice
from frontdesk.db import db, now, transaction
from frontdesk.security import read_cookie

COOKIE = "trusted"
MOST = 20  # a member's; the oldest goes first


def trust(member_id: UUID) -> str:
    """Trust the device that asks for TRUSTED_DEVICE seconds; what its cookie shall hold."""
    secret = secrets.make()
    lasts = timedelta(seconds=current_app.config["TRUSTED_DEVICE"])
    with transaction() as session:
        for old in of(member_id)[MOST - 1 :]:
            session.delete(old)
        device = TrustedDevice(
            token_hash=secrets.digest(secret),
            member_id=member_id,
            expires_at=now() + lasts,
            device=request.user_agent.string[:300],
        )
        session.add(device)
        session.flush()
        audit.record("device.trust", member_id=member_id, device=str(device.id))
    return secret


def is_trusted(member: Member) -> bool:
    """Whether the device that asks was trusted by ``member``, since their password was set."""
    secret = read_cookie(COOKIE)
    since = [TrustedDevice.created_at >= member.password_at] if member.password_at else []
    good = select(TrustedDevice.id).where(
        TrustedDevice.token_hash == secrets.digest(secret),
        TrustedDevice.member_id == member.id,
        TrustedDevice.expires_at > now(),
        *since,
    )
    return bool(secret) and db.session.scalar(good) is not None


def of(member_id: UUID) -> Sequence[TrustedDevice]:
    """A member's trusted devices, the newest first."""
    mine = TrustedDevice.member_id == member_id, TrustedDevice.expires_at > now()
    newest = TrustedDevice.created_at.desc(), TrustedDevice.id
    return db.session.scalars(select(TrustedDevice).where(*mine).order_by(*newest)).all()


def is_here(device: TrustedDevice) -> bool:
    """Whether it is the device that asks."""
    return secrets.digest(read_cookie(COOKIE)) == device.token_hash


def forget(member_id: UUID, device_id: UUID) -> None:
    """Ask that device for the second step again; nobody else's, and twice is once."""
    named = TrustedDevice.id == device_id, TrustedDevice.member_id == member_id
    with transaction() as session:
        forgotten = delete(TrustedDevice).where(*named).returning(TrustedDevice.id)
        if session.scalar(forgotten):
            audit.record("device.forget", member_id=member_id, device=str(device_id))


def forget_all(member_id: UUID) -> None:
    """Ask all of a member's devices again; a part of another verb."""
    db.session.execute(delete(TrustedDevice).where(TrustedDevice.member_id == member_id))
