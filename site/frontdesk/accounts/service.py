"""What can be done with accounts: recognise, create, disable, set a password, set up."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import exists, select, update
from werkzeug.exceptions import ServiceUnavailable

from frontdesk import audit
from frontdesk.accounts import admins, changing, known_devices, sessions
from frontdesk.accounts.attempts import count_try, forgive_try, limits_for, network
from frontdesk.accounts.models import ADMIN, LEFT, MEMBER, Member, email_key, username_key
from frontdesk.accounts.passwords import (
    check_new_password,
    hash_password,
    is_outgrown,
    verify_password,
)
from frontdesk.db import db, now, transaction
from frontdesk.forms import Refused

LONGEST_USERNAME = 32
USERNAME = re.compile(r"[\w][\w.-]*")


def recognise(username: str, password: str, address: str) -> Member:
    """The member whose username and password these are.

    :raise TooManyTries: after LOGIN_TRIES wrong ones
    :raise Refused: in the same words and time for an unknown name, a wrong password and a
        disabled member
    """
    username = username.strip()  # phones put a space behind a word
    member = find(username)
    device = known_devices.name_for(member)
    limits = limits_for("login", username_key(username), address, device)
    count_try(limits)
    is_right = _is_right(member, password, limits)
    if member is None or not is_right or member.disabled_at:
        _note_wrong_try(username)
        raise Refused(_("The username or password is not right"), "password")
    forgive_try(limits)
    refuse_waiting(member)
    _outgrow(member, password)
    return member


def refuse_waiting(member: Member) -> None:
    """Only who has proven who they are is told that they wait.

    :raise Refused: if an admin has not let ``member`` in yet
    """
    if member.waiting_since:
        raise Refused(_("Your account is waiting: an admin has to let you in first."), "username")


def check_password(member_id: UUID, password: str, address: str, field: str = "password") -> None:
    """Whether a member who is logged in knows the password, too; wrong ones are counted.

    :raise TooManyTries: after LOGIN_TRIES wrong ones
    :raise Refused: if it is wrong
    """
    config, address = current_app.config, network(address)
    limits = {
        f"proof:{member_id}": config["LOGIN_TRIES"],
        f"login::{address}": config["LOGIN_TRIES_PER_ADDRESS"],
    }
    count_try(limits)
    member = db.session.get_one(Member, member_id)
    if not _is_right(member, password, limits):
        with transaction():
            audit.record("member.proof-refused", member_id=member_id)
        raise Refused(_("The password is not right"), field)
    forgive_try(limits)
    _outgrow(member, password)


def find(username: str) -> Member | None:
    """The member of that name, regardless of case; who has left is none."""
    named = Member.username_key == username_key(username), Member.role != LEFT
    return db.session.scalar(select(Member).where(*named))


def everybody() -> Sequence[Any]:
    """Id, username and display name of who may log in, by username."""
    rows = select(Member.id, Member.username, Member.display_name)
    may_log_in = rows.where(
        Member.disabled_at.is_(None), Member.waiting_since.is_(None), Member.role != LEFT
    )
    return db.session.execute(may_log_in.order_by(Member.username_key)).all()


def anybody() -> bool:
    """Whether there is an account at all; names of who has left are none."""
    return bool(db.session.scalar(select(exists().where(Member.role != LEFT))))


def create(username: str, password: str, *, is_admin: bool = False, email: str = "") -> Member:
    """Make an account.

    :raise Refused: if the username is taken or unusable, or the password too weak
    """
    username = check_username(username)
    check_new_password(password, username)
    password_hash = hash_password(password)
    with transaction():
        return add(username, password_hash, ADMIN if is_admin else MEMBER, email)


def set_up(username: str, password: str) -> Member:
    """Make the first account, an admin's, once.

    :raise Refused: if somebody was faster, or as :func:`create` says
    """
    username = check_username(username)
    check_new_password(password, username)
    password_hash = hash_password(password)
    with transaction():
        if anybody():
            raise Refused(_("This site is set up already. Log in instead."))
        return add(username, password_hash, ADMIN, "")


def setup_token() -> str:
    """The secret in the set-up address, the same for all processes until the secret key changes."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    digest = hmac.digest(key, b"frontdesk set-up", hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:24]).decode()


def set_password(member: Member, password: str) -> None:
    """Give ``member`` a new password, and log them out everywhere; their tokens end too.

    :raise Refused: if it is too weak
    """
    check_new_password(password, member.username, also=changing.words_of(member))
    password_hash = hash_password(password)
    with transaction():
        changing.keep(member, password_hash, by="admin")


def set_enabled(member: Member, enabled: bool) -> None:
    """Let ``member`` log in or not; who may not is logged out at once. Twice is once.

    :raise Refused: if no admin would be left
    """
    with transaction():
        if not enabled and member.role == ADMIN:
            admins.check_not_last(member)
        member.disabled_at = None if enabled else member.disabled_at or now()
        if not enabled:
            sessions.end_all(member.id)
            changing.end_begun(member.id)
        what = "member.enable" if enabled else "member.disable"
        audit.record(what, member_id=member.id, of=member.username)


def prefer(member_id: UUID, **choices: str) -> None:
    """Keep a member's ``theme`` or ``language``."""
    with transaction() as session:
        session.execute(update(Member).where(Member.id == member_id).values(**choices))


def check_username(username: str) -> str:
    """``username`` as it will be kept.

    :raise Refused: if it is empty, too long or has other characters than names have
    """
    username = unicodedata.normalize("NFC", username.strip()[:255])
    if not username:
        raise Refused(_("Enter a username"), "username")
    if len(username) > LONGEST_USERNAME:
        said = _("Username must be %(n)s characters or fewer", n=LONGEST_USERNAME)
        raise Refused(said, "username")
    if not USERNAME.fullmatch(username):
        said = _(
            "Username must be letters, digits, dots, dashes and underscores, like ada.lovelace"
        )
        raise Refused(said, "username")
    return username


def _is_right(member: Member | None, password: str, limits: Mapping[str, int]) -> bool:
    """Whether that is their password; when nobody had time to look, the try doesn't count.

    To look takes time, in which they may have got another one: it has ended what this one began.
    """
    since = member.password_at if member else None
    try:
        is_right = verify_password(member.password_hash if member else None, password)
    except ServiceUnavailable:
        forgive_try(limits)
        raise
    db.session.commit()  # what is read from here on is the newest state
    return is_right and member is not None and member.password_at == since


def _outgrow(member: Member, password: str) -> None:
    """Keep a password that was right as new ones are kept: the parameters grow with the years."""
    old = member.password_hash
    if not is_outgrown(old):
        return
    with suppress(ServiceUnavailable):  # next time, then
        grown = hash_password(password)
        same = Member.id == member.id, Member.password_hash == old
        with transaction() as session:
            session.execute(update(Member).where(*same).values(password_hash=grown))


def add(username: str, password_hash: str, role: str, email: str, **more: Any) -> Member:
    """Add the row of a new member; a part of another verb.

    :raise Refused: if the username is taken
    """
    if find(username):
        raise Refused(_("The username %(name)s is taken. Try another.", name=username), "username")
    member = Member(
        username=username,
        username_key=username_key(username),
        password_hash=password_hash,
        role=role,
        email=email,
        email_key=email_key(email),
        **more,
    )
    db.session.add(member)
    db.session.flush()
    audit.record("member.create", member_id=member.id, who=username, role=role)
    return member


def _note_wrong_try(username: str) -> None:
    with transaction():
        audit.record("member.login-refused", who=username[:64])
