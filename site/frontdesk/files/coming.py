"""What a member's forms bring while they still come in: together they stay within the quota.

A form doesn't say how large its files are, so nothing can be reserved for it. Each process counts
its own, and forgets them when it is killed; its next start removes their bytes.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING
from uuid import UUID
from weakref import WeakSet

from flask_login import current_user

from frontdesk.db import db
from frontdesk.files import capacity, service

if TYPE_CHECKING:
    from frontdesk.files.parts import Intake

_lock = Lock()
_coming: defaultdict[UUID, WeakSet[Intake]] = defaultdict(WeakSet)


def begin(intake: Intake) -> Intake:
    """Count what ``intake`` takes for who is asking, until its request ends.

    What this request has read so far it forgets: while it waits for a visitor it must hold no
    connection to the database. There are fewer than threads, and one that reads for minutes keeps
    SQLite's log from being emptied.
    """
    member_id = current_user.id
    with _lock:
        _coming[member_id].add(intake)
    intake.room = partial(_room, member_id)
    db.session.rollback()
    return intake


def _room(member_id: UUID) -> int:
    """Bytes that may still come, as things stand at this moment."""
    with _lock:
        coming = sum(one.taken for one in _coming[member_id])
    with db.engine.connect() as connection:
        left = service.space(member_id, connection).left
        return min(left, capacity.left(connection)) - coming
