"""Tokens: a program shows one in place of a log-in, and may do what its scope says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Request, current_app, g
from flask_babel import gettext as _
from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.exc import OperationalError

from frontdesk import audit
from frontdesk.access import bearer, login
from frontdesk.accounts import secrets
from frontdesk.accounts.attempts import TooManyTries, count_try, network
from frontdesk.accounts.models import Member, Token
from frontdesk.accounts.sessions import PERSON, Person
from frontdesk.db import db, now, rows, transaction
from frontdesk.forms import Refused
from frontdesk.language import forget_member

PREFIX = "fd_"  # so that scanners for leaked secrets, and people, know it when they see one
SHAPE = re.compile(PREFIX + r"[\w-]{43}", re.ASCII)
MOST_TOKENS = 50  # a member's
USED_EVERY = timedelta(minutes=1)  # how exact "last used" is: each update is a write

LOADING = (  # built once: putting a statement together costs more than running it
    select(*PERSON, Token.id, Token.scope, Token.used_at)
    .join(Token.member)
    .where(
        Token.token_hash == bindparam("token_hash"),
        Token.expires_at.is_(None) | (Token.expires_at > bindparam("moment")),
        Member.disabled_at.is_(None),
    )
)


@login.request_loader
def load(request: Request) -> Person | None:
    """The member whose token this request carries, if it is good; wrong ones are counted.

    Nothing is raised here, as any page may ask who is asking: the guard says no.
    """
    secret = bearer(request)
    if secret is None:
        return None
    facts = {"token_hash": secrets.digest(secret), "moment": now()}
    row = rows(LOADING, **facts).first() if SHAPE.fullmatch(secret) else None
    if row is None:
        _count_wrong(request.remote_addr or "")
        return None
    *person, token_id, scope, used_at = tuple(row)
    if used_at is None or abs(now() - used_at) > USED_EVERY:
        with suppress(OperationalError):  # a full or locked database is still read
            _note_use(token_id)
    return Person(person[0], "", *person[1:], scope=scope, token_id=token_id)


def of(member_id: UUID) -> Sequence[Token]:
    """A member's tokens, the newest first; those that have ended too."""
    mine = select(Token).where(Token.member_id == member_id)
    return db.session.scalars(mine.order_by(Token.created_at.desc(), Token.id)).all()


def create(member_id: UUID, token_id: UUID, name: str, scope: str, days: int | None) -> str:
    """Make a token that works for so many days, or until it is revoked; here it is, once.

    ``token_id`` is the asking page's own, so that sending its form again makes no second one.

    :raise Refused: if that was made already, or the member has fifty
    """
    secret = secrets.make(PREFIX)
    expires_at = now() + timedelta(days=days) if days else None
    with transaction() as session:
        if session.get(Token, token_id):
            raise Refused(
                _("This token is made already, and can not be shown again. Make another.")
            )
        count = select(func.count()).select_from(Token).where(Token.member_id == member_id)
        if (session.scalar(count) or 0) >= MOST_TOKENS:
            raise Refused(_("You have %(n)s tokens. Revoke one first.", n=MOST_TOKENS))
        session.add(
            Token(
                id=token_id,
                member_id=member_id,
                name=name,
                token_hash=secrets.digest(secret),
                scope=scope,
                expires_at=expires_at,
            )
        )
        facts: dict[str, Any] = {"made": str(token_id), "name": name, "scope": scope, "days": days}
        audit.record("token.create", member_id=member_id, **facts)
    return secret


def revoke(member_id: UUID, token_id: UUID) -> str | None:
    """End a token at once; its name is left. None if the member has no such one: twice is once."""
    with transaction() as session:
        token = session.get(Token, token_id)
        if token is None or token.member_id != member_id:
            return None
        name = token.name
        session.delete(token)
        audit.record("token.revoke", member_id=member_id, revoked=str(token_id), name=name)
    return name


def revoke_all(member_id: UUID) -> None:
    """End all tokens of a member; a part of another verb."""
    db.session.execute(delete(Token).where(Token.member_id == member_id))


def _count_wrong(address: str) -> None:
    """One guess more; when there were too many, the guard says so in place of a 401."""
    allowed = current_app.config["LOGIN_TRIES_PER_ADDRESS"]
    forget_member()  # words are said in a language, and the member's would be looked for here again
    try:
        count_try({f"token::{network(address)}": allowed})
    except TooManyTries as no:
        g.refused_token = no
    except OperationalError as error:  # what can't be counted is wrong all the same
        current_app.logger.error("A wrong token could not be counted", exc_info=error)


def _note_use(token_id: UUID) -> None:
    with transaction() as session:
        session.execute(update(Token).where(Token.id == token_id).values(used_at=now()))
