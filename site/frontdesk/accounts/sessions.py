"""Log-ins: a row for each device, so that they can be listed and ended."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from flask import current_app, request, session
from flask_login import UserMixin, current_user, login_user, logout_user
from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.exc import OperationalError

from frontdesk import audit
from frontdesk.access import login
from frontdesk.accounts import devices, known_devices, rotation, secrets, unusual
from frontdesk.accounts.models import ADMIN, LoginSession, Member
from frontdesk.db import db, now, rows, transaction

MOST_SESSIONS = 20  # a member's; the oldest goes first
SEEN_EVERY = timedelta(minutes=5)  # how exact "last seen" is: each update is a write


@dataclass(slots=True, frozen=True)
class Person(UserMixin):
    """The member who is asking, as light as a page needs them: one query, no ORM.

    ``used``, ``reserved`` and ``quota`` are bytes, as they were when the request began. For a
    program ``scope`` is what its token may do; for who is logged in it is empty, and ``session_id``
    names their log-in, ``proven_at`` when it was proven last.
    """

    id: UUID
    token: str
    username: str
    display_name: str
    role: str
    theme: str
    language: str
    picture_id: UUID | None
    used: int
    reserved: int
    quota: int | None
    timezone: str
    leaves_at: datetime | None
    scope: str = ""
    token_id: UUID | None = None
    session_id: UUID | None = None
    proven_at: datetime | None = None

    def get_id(self) -> str:
        return self.token

    @property
    def shown_name(self) -> str:
        return self.display_name or self.username

    @property
    def is_admin(self) -> bool:
        return self.role == ADMIN

    def picture(self, scale: float) -> str:
        """The address of their picture at ``scale``, 1.0 or 2.0; empty if they have none."""
        return picture_address(self.picture_id, scale)


def picture_address(picture_id: UUID | None, scale: float) -> str:
    """Where a profile picture is served, or an empty text."""
    return f"/file/{picture_id}/thumbnail/{scale:.1f}" if picture_id else ""


PERSON = (
    Member.id,
    Member.username,
    Member.display_name,
    Member.role,
    Member.theme,
    Member.language,
    Member.picture_id,
    Member.used,
    Member.reserved,
    Member.quota,
    Member.timezone,
    Member.leaves_at,
)


# Built once: putting a statement together costs more than running it.
LOADING = (
    select(
        *PERSON,
        LoginSession.id.label("session_id"),
        LoginSession.proven_at,
        LoginSession.seen_at,
        LoginSession.remembered,
        LoginSession.created_at,
        LoginSession.rotated_at,
    )
    .join(LoginSession.member)
    .where(
        LoginSession.token_hash == bindparam("token_hash"),
        LoginSession.expires_at > bindparam("moment"),
        LoginSession.created_at < bindparam("tomorrow"),  # else the clock was ahead then
        LoginSession.remembered | (LoginSession.seen_at > bindparam("not_idle_since")),
        Member.disabled_at.is_(None),
    )
)


@login.user_loader
def load(token: str) -> Person | None:
    """The member whose device holds ``token``, if its log-in still lasts."""
    held = secrets.digest(token)
    row = _find(held)
    if row is not None and row.remembered:
        rotation.note(token, row.rotated_at or row.created_at)
    if row is None and (current := rotation.current_hash(token)):
        row = _find(current)
    elif row is not None and _is_to_be_noted(row):
        with suppress(OperationalError):  # a full or locked database is still read
            _see(held)
    if row is None:
        return None
    return Person(
        row[0], token, *row[1 : len(PERSON)], session_id=row.session_id, proven_at=row.proven_at
    )


def start(member: Member, remember: bool, method: str = "password") -> None:
    """Log ``member`` in on this device, under a new token: an old one can't be fixed on them.

    ``method`` is what they proved themselves by. Whether that is enough, ``entering.py`` knows.
    """
    token = secrets.make()
    config = current_app.config
    lasts = config["SESSION_REMEMBERED" if remember else "SESSION_LIFETIME"]
    with transaction() as database:
        row = LoginSession(
            id=uuid4(),
            token_hash=secrets.digest(token),
            member_id=member.id,
            expires_at=now() + timedelta(seconds=lasts),
            proven_at=now(),
            remembered=remember,
            method=method,
            address=request.remote_addr or "",
            device=request.user_agent.string[:300],
        )
        database.add(row)
        database.flush()
        session_id, proven_at = row.id, row.proven_at
        _drop_oldest(member.id)
        unusual.tell(member, row)
        facts: dict[str, Any] = {"by": method, "device": devices.kind(row.device)}
        audit.record("member.login", member_id=member.id, who=member.username, **facts)
    known: list[Any] = [getattr(member, column.key) for column in PERSON]
    session.clear()
    login_user(Person(known[0], token, *known[1:], session_id=session_id, proven_at=proven_at))
    session.permanent = remember
    known_devices.remember(member)


def prove() -> None:
    """Who asks has just shown who they are: that holds for PROOF_LIFETIME seconds."""
    with transaction() as database:
        mine = LoginSession.id == current_user.session_id
        database.execute(update(LoginSession).where(mine).values(proven_at=now()))
        audit.record("member.prove", member_id=current_user.id)


def renew(member: Member) -> None:
    """Give this device's log-in another secret: what the old cookie says is worth nothing now."""
    token, remembered = secrets.make(), session.permanent
    moment, mine = now(), LoginSession.id == current_user.session_id
    facts = {"token_hash": secrets.digest(token), "previous_hash": "", "rotated_at": moment}
    with transaction() as database:
        database.execute(update(LoginSession).where(mine).values(**facts, proven_at=moment))
    person = replace(current_user._get_current_object(), token=token, proven_at=moment)
    session.clear()
    login_user(person)
    session.permanent = remembered
    known_devices.remember(member)


def end() -> None:
    """Log out: the row goes, so the old cookie is worth nothing."""
    with transaction() as database:
        database.execute(
            delete(LoginSession).where(
                LoginSession.token_hash == secrets.digest(current_user.token)
            )
        )
        audit.record("member.logout", member_id=current_user.id, who=current_user.username)
    logout_user()
    session.clear()


def end_others(member_id: UUID, keep_session_id: UUID | None) -> int:
    """Log a member out on all devices but that one; how many they were."""
    with transaction() as database:
        others = LoginSession.member_id == member_id, LoginSession.id != keep_session_id
        ended = database.connection().execute(delete(LoginSession).where(*others)).rowcount
        if ended:
            audit.record("session.end-others", member_id=member_id, ended=ended)
    return int(ended)


def end_all(member_id: UUID, but: UUID | None = None) -> None:
    """Log a member out everywhere ``but`` where that log-in is; a part of another verb."""
    theirs = delete(LoginSession).where(LoginSession.member_id == member_id)
    db.session.execute(theirs.where(LoginSession.id != but) if but else theirs)


def _find(token_hash: str) -> Any:
    moment = now()
    facts = {"moment": moment, "tomorrow": moment + timedelta(days=1)}
    return rows(LOADING, token_hash=token_hash, not_idle_since=moment - idle(), **facts).first()


def _is_to_be_noted(row: Any) -> bool:
    """Whether "last seen" is too old; the first use of a new secret is noted at once."""
    is_new = row.rotated_at is not None and row.seen_at <= row.rotated_at
    return bool(is_new or now() - row.seen_at > SEEN_EVERY)


def idle() -> timedelta:
    """How long a log-in that isn't remembered lasts unused."""
    return timedelta(seconds=current_app.config["SESSION_IDLE"])


def _see(token_hash: str) -> None:
    with transaction() as database:
        database.execute(
            update(LoginSession)
            .where(LoginSession.token_hash == token_hash)
            .values(seen_at=now(), address=request.remote_addr or "")
        )


def _drop_oldest(member_id: UUID) -> None:
    mine = select(LoginSession.token_hash).where(LoginSession.member_id == member_id)
    newest = mine.order_by(LoginSession.created_at.desc()).limit(MOST_SESSIONS)
    db.session.execute(
        delete(LoginSession).where(
            LoginSession.member_id == member_id, LoginSession.token_hash.not_in(newest)
        )
    )
