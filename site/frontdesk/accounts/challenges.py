"""What a passkey is asked to sign: a random number, good once, for one purpose, on one device.

The row keeps its SHA-256 together with the device's secret, so that what one browser was asked is
no answer from another one.
"""

from __future__ import annotations

import secrets as random
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete

from frontdesk.accounts import secrets
from frontdesk.accounts.models import Challenge
from frontdesk.db import now, transaction

REGISTER, LOGIN, SECOND_STEP, PROOF = "register", "login", "second-step", "proof"
LASTS = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Asked:
    """For what a passkey is asked, of whom (None: whoever comes), and on which device."""

    kind: str
    member_id: UUID | None
    device: str


def issue(asked: Asked) -> bytes:
    """A new challenge of 32 random bytes; those that nobody answered in time go."""
    challenge = random.token_bytes(32)
    with transaction() as session:
        session.execute(delete(Challenge).where(Challenge.expires_at <= now()))
        session.add(
            Challenge(
                challenge_hash=_digest(challenge, asked.device),
                kind=asked.kind,
                member_id=asked.member_id,
                expires_at=now() + LASTS,
            )
        )
    return challenge


def redeem(asked: Asked, challenge: bytes) -> bool:
    """Use it up; False if it was used, has ended, or was made for something or somebody else.

    The one who removes the row has it: of two at the same time the other finds none.
    """
    with transaction() as session:
        found = session.execute(
            delete(Challenge)
            .where(
                Challenge.challenge_hash == _digest(challenge, asked.device),
                Challenge.kind == asked.kind,
                Challenge.member_id == asked.member_id
                if asked.member_id
                else Challenge.member_id.is_(None),
                Challenge.expires_at > now(),
            )
            .returning(Challenge.challenge_hash)
        ).first()
    return found is not None


def _digest(challenge: bytes, device: str) -> str:
    return secrets.digest(f"{challenge.hex()}:{device}")
