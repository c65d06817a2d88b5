"""What the log says of backups: when the last one was, where, and how it went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from frontdesk import audit
from frontdesk.db import transaction

MADE, FAILED = "backup", "backup.failed"


@dataclass(slots=True, frozen=True)
class Last:
    """The last backup. ``failed`` is what stopped one that came after it, if one did.

    ``near`` if it lies on the disk that the site is on; ``damaged`` counts files whose bytes
    weren't right, ``rotten`` what of earlier backups isn't right any more; ``bytes`` are those of
    all members.
    """

    at: datetime | None = None
    where: str = ""
    bytes: int = 0
    files: int = 0
    damaged: int = 0
    rotten: int = 0
    near: bool = False
    encrypted: bool = False
    failed: str = ""


def last() -> Last:
    """The last backup, by the log; its ``at`` is None if there never was one."""
    made, failed = audit.latest(MADE), audit.latest(FAILED)
    is_newer = failed is not None and (made is None or failed.id > made.id)
    why = str(failed.facts.get("why", "")) if failed is not None and is_newer else ""
    if made is None:
        return Last(failed=why)
    facts = made.facts
    return Last(
        made.at,
        str(facts.get("where", "")),
        int(facts.get("bytes", 0)),
        int(facts.get("files", 0)),
        int(facts.get("damaged", 0)),
        int(facts.get("rotten", 0)),
        bool(facts.get("near", False)),
        bool(facts.get("encrypted", False)),
        why,
    )


def note(what: str, **facts: Any) -> None:
    """Write it into the log."""
    with transaction():
        audit.record(what, member_id=None, who="", **facts)


def noted(what: str, **facts: Any) -> bool:
    """Whether the log took it: where the disk fails it may not, and that changes nothing else."""
    try:
        note(what, **facts)
    except SQLAlchemyError:
        return False
    return True
