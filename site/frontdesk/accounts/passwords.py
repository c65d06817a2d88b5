"""Passwords: what a new one must be, and how they are kept: as argon2id.

One is checked exactly as it was typed, in the same time whether or not the member exists. Each
check takes 19 MiB and a core for 25 ms, so few run at a time, and not many wait for their turn.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from flask import has_app_context
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.exceptions import ServiceUnavailable

from frontdesk.accounts import commonest
from frontdesk.db import db
from frontdesk.forms import Refused

SHORTEST, LONGEST = 12, 1_000
# The hint of every field that asks for a new one, so that the rules are read before typing.
RULES = lazy_gettext(
    "At least %(n)s characters, of any kind. A few words are easy to remember. Not a well-known "
    "password, and not your name.",
    n=SHORTEST,
)

# OWASP Password Storage Cheat Sheet: m = 19 MiB, t = 2, p = 1; here about 25 ms.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
AT_ONCE = min(4, os.cpu_count() or 1)  # more would take the memory, and be no faster
MOST_INSIDE = 32  # at work or waiting: half of the 64 threads that deploy/gunicorn.conf.py gives
PATIENCE = 10.0  # seconds to wait for one's turn
RETRY_AFTER = 10  # seconds

_turn = threading.BoundedSemaphore(AT_ONCE)
_inside = threading.BoundedSemaphore(MOST_INSIDE)


def hash_password(password: str) -> str:
    """The argon2id hash of ``password``, with its salt and parameters.

    :raise 503: when too many want one at once
    """
    with _a_turn():
        return _hasher.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether they belong together; None takes as long as a wrong password does.

    :raise 503: when too many want to know at once
    """
    password = password[: LONGEST + 1]  # that many are wrong anyway, and no work
    with _a_turn():
        try:
            return _hasher.verify(password_hash or _nobody(), password) and bool(password_hash)
        except VerificationError:
            return False


def is_outgrown(password_hash: str) -> bool:
    """Whether it was made with other parameters than passwords are kept with today."""
    return _hasher.check_needs_rehash(password_hash)


def check_new_password(
    password: str, username: str, field: str = "password", also: Iterable[str] = ()
) -> None:
    """See that ``password`` can't be guessed; ``also`` are its owner's other names and addresses.

    Source: OWASP ASVS 5.0 §6.2, NIST SP 800-63B: length and a list, and no rules of composition.

    :raise Refused: if it is too short, too long, or among the first that anybody would try
    """
    if len(password) < SHORTEST:
        raise Refused(_("Password must be at least %(n)s characters", n=SHORTEST), field)
    if len(password) > LONGEST:
        raise Refused(_("Password must be %(n)s characters or fewer", n=LONGEST), field)
    if why := _why_guessed(password, username, also):
        raise Refused(why, field)


def _why_guessed(password: str, username: str, also: Iterable[str]) -> str:
    """What to do about one that would soon be guessed; empty if it wouldn't be."""
    if commonest.is_told_by(password, [username]):
        return str(_("Choose a password that is not your username"))
    if commonest.is_told_by(password, [*also, *commonest.of_the_site()]):
        return str(_("Choose a password that is not your name, your address or this site’s name"))
    if commonest.is_a_row(password):
        return str(_("Choose a password that does not repeat or count up"))
    if commonest.is_well_known(password):
        return str(_("Choose a password that fewer people use, such as four words"))
    return ""


@contextmanager
def _a_turn() -> Iterator[None]:
    """Wait for one's turn, with no connection to the database in hand: pages need those.

    :raise 503: if too many wait already, or it takes too long
    """
    if not _inside.acquire(blocking=False):
        raise _busy()
    try:
        _let_go()
        if not _turn.acquire(timeout=PATIENCE):
            raise _busy()
        try:
            yield
        finally:
            _turn.release()
    finally:
        _inside.release()


def _let_go() -> None:
    if has_app_context() and not db.session().info.get("writing"):
        db.session.rollback()


def _busy() -> ServiceUnavailable:
    said = _("Many people are logging in just now. Try again in %(n)s seconds.", n=RETRY_AFTER)
    return ServiceUnavailable(said, retry_after=RETRY_AFTER)


@cache
def _nobody() -> str:
    return _hasher.hash("nobody has this password")
