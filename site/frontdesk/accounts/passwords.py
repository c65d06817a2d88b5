"""Passwords: kept as argon2id, checked in the same time whether or not the member exists."""

from __future__ import annotations

from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from flask_babel import gettext as _

from frontdesk.accounts.models import username_key
from frontdesk.forms import Refused

SHORTEST, LONGEST = 12, 1_000
# OWASP Password Storage Cheat Sheet: m = 19 MiB, t = 2, p = 1; here about 25 ms.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_room = BoundedSemaphore(4)  # 50 log-ins at once must not take the memory


def hash_password(password: str) -> str:
    """The argon2id hash of ``password``, with its salt and parameters."""
    with _room:
        return _hasher.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether they belong together; None takes as long as a wrong password does."""
    password = password[: LONGEST + 1]  # that many are wrong anyway, and no work
    with _room:
        try:
            return _hasher.verify(password_hash or _nobody(), password) and bool(password_hash)
        except VerificationError:
            return False


def check_new_password(password: str, username: str, field: str = "password") -> None:
    """:raise Refused: if ``password`` is too short, too long or the username itself."""
    if len(password) < SHORTEST:
        raise Refused(_("Password must be at least %(n)s characters", n=SHORTEST), field)
    if len(password) > LONGEST:
        raise Refused(_("Password must be %(n)s characters or fewer", n=LONGEST), field)
    if username_key(password) == username_key(username):
        raise Refused(_("Choose a password that is not your username"), field)


@cache
def _nobody() -> str:
    return _hasher.hash("nobody has this password")
