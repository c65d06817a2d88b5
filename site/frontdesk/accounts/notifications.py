"""Which letters a member gets unasked: all kinds, but for those that they have switched off.

What touches the account itself (a new password, another address, its end) is no kind of these: it
is always told.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import update

from frontdesk import audit
from frontdesk.accounts.models import Member
from frontdesk.db import transaction

LOGIN, POST = "login", "post"
KINDS = (LOGIN, POST)


def wants(member: Member, kind: str) -> bool:
    """Whether a letter of that kind is to be sent to ``member``: they have an address for it."""
    return bool(member.email) and member.disabled_at is None and kind not in member.silent


def choose(member_id: UUID, kinds: Iterable[str]) -> None:
    """Send letters of these kinds to a member, and of no other."""
    wanted = set(kinds)
    silent = [kind for kind in KINDS if kind not in wanted]
    with transaction() as session:
        session.execute(update(Member).where(Member.id == member_id).values(silent=silent))
        audit.record("member.notifications", member_id=member_id, silent=silent)
