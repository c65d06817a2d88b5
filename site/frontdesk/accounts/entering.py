"""From a first proof of who somebody is to their log-in: a second step may stand between.

Every way in ends here: password, OpenID, a new password by a ticket. Until the second step is done
there is only a :class:`HalfLogin`, and Flask-Login knows nobody.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import current_app, session
from flask_babel import gettext as _
from sqlalchemy import bindparam, delete, select

from frontdesk.accounts import secrets, service, sessions, trusted
from frontdesk.accounts.models import Authenticator, HalfLogin, Member, Passkey
from frontdesk.db import db, now, rows, transaction
from frontdesk.forms import Refused

HALF = "half"  # its key in the cookie
PASSKEY = "passkey"  # verifies its holder by itself: two steps in one

SECOND_STEPS = (  # built once: a role that must have one is asked for it at each request
    select(Authenticator.member_id)
    .where(
        Authenticator.member_id == bindparam("member_id"), Authenticator.confirmed_at.is_not(None)
    )
    .union_all(select(Passkey.member_id).where(Passkey.member_id == bindparam("member_id")))
    .limit(1)
)


def enter(member: Member, remember: bool, method: str) -> bool:
    """Log ``member`` in, who has proven themselves by ``method``; False if a step is missing.

    Then this device holds a half log-in, and ``accounts.second_step`` is where it goes on.

    :raise Refused: if an admin has not let them in yet
    """
    service.refuse_waiting(member)
    if method == PASSKEY or not has_second_step(member) or trusted.is_trusted(member):
        sessions.start(member, remember, method)
        return True
    secret = secrets.make()
    with transaction() as database:
        database.add(
            HalfLogin(
                token_hash=secrets.digest(secret),
                member_id=member.id,
                expires_at=now() + timedelta(seconds=current_app.config["PROOF_LIFETIME"]),
                remember=remember,
                method=method,
            )
        )
    session.clear()
    session[HALF] = secret
    return False


def has_second_step(member: Member | sessions.Person) -> bool:
    """Whether a password alone doesn't let ``member`` in: they have an app or a passkey."""
    return rows(SECOND_STEPS, member_id=member.id).first() is not None


def half() -> HalfLogin | None:
    """The half log-in that this device holds, while it lasts and its member may log in."""
    secret = session.get(HALF)
    if not isinstance(secret, str):
        return None
    return db.session.scalar(
        select(HalfLogin)
        .join(HalfLogin.member)
        .where(
            HalfLogin.token_hash == secrets.digest(secret),
            HalfLogin.expires_at > now(),
            Member.disabled_at.is_(None),
            Member.waiting_since.is_(None),
        )
    )


def leave() -> None:
    """End the half log-in of this device: whoever goes on must know the password again."""
    if found := half():
        with transaction():
            _end(found.token_hash)
    session.clear()


def end_halves(member_id: UUID) -> None:
    """End all half log-ins of a member: their password or second step changed.

    A part of another verb.
    """
    db.session.execute(delete(HalfLogin).where(HalfLogin.member_id == member_id))


def complete(found: HalfLogin, method: str) -> None:
    """The second step is done, by ``method``: log in whole, once.

    :raise Refused: if it ended meanwhile: somebody was faster, or the password has changed
    """
    member, remember, held = found.member, found.remember, found.token_hash
    with transaction():
        if not _end(held):
            raise Refused(_("That took too long. Begin again with your password."))
        sessions.start(member, remember, method)


def _end(token_hash: str) -> bool:
    """End a half log-in; whether there was one: of two at once, one is told so."""
    ended = delete(HalfLogin).where(HalfLogin.token_hash == token_hash)
    return db.session.scalar(ended.returning(HalfLogin.token_hash)) is not None
