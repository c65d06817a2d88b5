"""A remembered log-in's secret changes once a day, so that a copied cookie is soon noticed.

The next secret is made of the last one and SECRET_KEY: of two requests at once both give the same
one to the browser, and a browser that the answer didn't reach gets it again. While requests with
the last secret may be under way it still works; later it means that two devices hold the log-in,
and nobody knows which is the member's: it ends for both.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask, Response, current_app, g, request, session
from sqlalchemy import bindparam, delete, exists, select, update
from sqlalchemy.exc import OperationalError

from frontdesk import audit, mail
from frontdesk.access import PUBLIC_BY_NATURE
from frontdesk.accounts import devices, secrets
from frontdesk.accounts.models import LoginSession, Member
from frontdesk.db import SAFE_METHODS, db, now, rows, transaction
from frontdesk.pages import HTML, absolute

UNDER_WAY = timedelta(seconds=60)  # for so long requests with the last secret may come in
HELD = "_user_id"  # where Flask-Login keeps the secret in the cookie
OVERTAKEN = select(LoginSession.id, LoginSession.token_hash).where(
    LoginSession.previous_hash == bindparam("token_hash")
)
LATE = OVERTAKEN.add_columns(LoginSession.rotated_at, LoginSession.seen_at)


def successor(token: str) -> str:
    """The secret that comes after ``token``; who hasn't SECRET_KEY can't tell."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    digest = hmac.digest(key, b"frontdesk rotation " + token.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def note(token: str, since: datetime) -> None:
    """A remembered log-in asks, whose secret is this one ``since`` then."""
    every: int = current_app.config["SESSION_ROTATION"]
    g.remembered = token
    g.rotation_is_due = bool(every) and now() - since > timedelta(seconds=every)


def current_hash(token: str) -> str | None:
    """The digest of the secret that took the place of ``token``, if that may still be shown.

    It may be for UNDER_WAY, and longer if nobody has shown the new one: then no browser has it.
    """
    late = rows(LATE, token_hash=secrets.digest(token)).first()
    if late is None or late.rotated_at is None:
        return None
    if now() - late.rotated_at > UNDER_WAY and late.seen_at > late.rotated_at:
        g.stolen = late.id  # not ended here: while a member is looked for, nobody is asking
        return None
    g.remembered, g.was_overtaken = token, True
    return str(late.token_hash)


def _after(response: Response) -> Response:
    if stolen := g.get("stolen"):
        _end(stolen)
    token: str | None = g.get("remembered")
    if token and session.get(HELD) == token and _moves_on(token, response):
        session[HELD] = successor(token)
    return response


def _moves_on(token: str, response: Response) -> bool:
    """Whether this answer brings the next secret."""
    if g.get("was_overtaken"):
        return _is_page(response) or session.modified
    if g.get("rotation_is_due"):
        return _is_page(response) and _rotate(token)
    # A form that took minutes to come in must not bring the last secret back.
    return request.method not in SAFE_METHODS and session.modified and _is_overtaken(token)


def _is_page(response: Response) -> bool:
    is_whole = response.status_code == 200 and not response.is_streamed
    is_read = request.method == "GET" and response.mimetype == HTML
    return is_read and is_whole and request.endpoint not in PUBLIC_BY_NATURE


def _rotate(token: str) -> bool:
    """Whether the row holds the next secret now, through this request or another one."""
    moment = now()
    held = LoginSession.token_hash == secrets.digest(token)
    values: dict[str, Any] = {
        "token_hash": secrets.digest(successor(token)),
        "previous_hash": secrets.digest(token),
        "rotated_at": moment,
        "seen_at": moment,
    }
    try:
        with transaction() as database:
            database.execute(update(LoginSession).where(held).values(values))
    except OperationalError as error:  # a full or locked database is still read
        current_app.logger.warning("A log-in's secret could not be changed", exc_info=error)
        return False
    return True


def _is_overtaken(token: str) -> bool:
    held = LoginSession.previous_hash == secrets.digest(token)
    return bool(db.session.scalar(select(exists().where(held))))


def _end(session_id: UUID) -> None:
    try:
        with transaction() as database:
            found = database.scalar(select(LoginSession).where(LoginSession.id == session_id))
            if found is None:
                return
            _tell(found.member, found)
            database.execute(delete(LoginSession).where(LoginSession.id == session_id))
    except OperationalError as error:  # it is refused all the same, and ended the next time
        current_app.logger.error("A stolen log-in could not be ended", exc_info=error)


def _tell(member: Member, found: LoginSession) -> None:
    facts: dict[str, Any] = {"ended": str(found.id), "device": devices.kind(found.device)}
    audit.record("session.stolen", member_id=member.id, who=member.username, **facts)
    mail.send(
        member.email,
        "stolen",
        member.language,
        name=member.display_name or member.username,
        agent=found.device,
        link=absolute("profile.sessions"),
    )


def init_app(app: Flask) -> None:
    app.after_request(_after)
    app.jinja_env.filters["device"] = devices.in_words
