"""Ten recovery codes for who has lost the second step: shown once, each good once.

28 characters of Crockford's base32 are 140 random bits, so SHA-256 is hash enough (ASVS 6.5.2).
"""

from __future__ import annotations

import secrets as system
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import delete, func, select, update

from frontdesk import audit
from frontdesk.accounts.models import Member, RecoveryCode
from frontdesk.accounts.secrets import digest
from frontdesk.db import db, now, transaction
from frontdesk.forms import Refused

COUNT, LENGTH, GROUP = 10, 28, 4
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
AS_READ = str.maketrans("oil", "011")  # what people make of those digits


def make(member_id: UUID) -> list[str]:
    """Ten new ones in place of all before, in groups of four; here they are, once.

    A part of another verb.
    """
    remove(member_id)
    codes = ["".join(system.choice(ALPHABET) for _ in range(LENGTH)) for _ in range(COUNT)]
    db.session.add_all(RecoveryCode(code_hash=digest(code), member_id=member_id) for code in codes)
    return [_grouped(code) for code in codes]


def renew(member_id: UUID, seen: str = "") -> list[str]:
    """The same as a verb of its own.

    ``seen`` is the :func:`mark` of those that the asking page knew, so that sending it again does
    not end the codes that were just shown.

    :raise Refused: if there are others since
    """
    with transaction() as session:
        session.execute(select(Member.id).where(Member.id == member_id).with_for_update())
        if seen and seen != mark(member_id):
            said = _("These codes are made already, and can not be shown again. Make others.")
            raise Refused(said)
        codes = make(member_id)
        audit.record("second-step.codes", member_id=member_id)
    return codes


def mark(member_id: UUID) -> str:
    """What tells these codes from those before and after them, and says nothing about them."""
    mine = select(func.min(RecoveryCode.code_hash)).where(RecoveryCode.member_id == member_id)
    return digest(db.session.scalar(mine) or "none")[:16]


def left(member_id: UUID) -> int:
    """How many can still be used."""
    unused = RecoveryCode.member_id == member_id, RecoveryCode.used_at.is_(None)
    count = select(func.count()).select_from(RecoveryCode).where(*unused)
    return db.session.scalar(count) or 0


def use(member_id: UUID, code: str) -> bool:
    """Whether ``code`` is one of the member's, and was not used; now it is.

    A part of another verb. Of two who show it at once, one is right: the row changes by condition.
    """
    named = RecoveryCode.code_hash == digest(code.lower().translate(AS_READ))
    unused = RecoveryCode.member_id == member_id, RecoveryCode.used_at.is_(None)
    statement = update(RecoveryCode).where(named, *unused).values(used_at=now())
    return db.session.scalar(statement.returning(RecoveryCode.code_hash)) is not None


def remove(member_id: UUID) -> None:
    """End all of a member's; a part of another verb."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.member_id == member_id))


def _grouped(code: str) -> str:
    return "-".join(code[at : at + GROUP] for at in range(0, LENGTH, GROUP))
