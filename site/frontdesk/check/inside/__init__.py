"""The set-up from inside: the machine, the database, the storage, and what must be done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from frontdesk.check.finding import Finding, _, wrong
from frontdesk.check.inside import database, keeping, letters, machine, sealed, upkeep
from frontdesk.db import db

QUICK = (
    *(*machine.CHECKS, *sealed.CHECKS, *database.CHECKS),
    *(*keeping.CHECKS, *upkeep.CHECKS),
)
Check = Callable[[], Iterator[Finding]]


def quick() -> list[Finding]:
    """What a page can show at once."""
    return _run(QUICK)


def thorough() -> list[Finding]:
    """That, and whether a file would be kept and a letter would leave."""
    return _run((*QUICK, *keeping.PATIENT, *letters.PATIENT))


def a_job() -> list[Finding]:
    """Whether a job is done, asked from outside the process that does them."""
    return _run((upkeep.one_job,))


def _run(checks: Iterable[Check]) -> list[Finding]:
    return [finding for check in checks for finding in _tried(check)]


def _tried(check: Check) -> list[Finding]:
    """One that can't be done is one that isn't well."""
    try:
        return list(check())
    except Exception as error:  # whatever it is, the others must be heard
        db.session.rollback()
        said = _("%(check)s can’t be looked at: %(why)s.")
        why = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        return [wrong("broken", said, _("Look into the log."), check=check.__name__, why=why)]
