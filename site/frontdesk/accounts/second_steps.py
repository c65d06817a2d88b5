"""A member's second step as a whole: prove it, turn it on and off, lose it, be required to have it.

An app (``totp.py``), recovery codes (``recovery.py``) and passkeys are what it is made of. Whoever
adds or removes one of them calls :func:`changed` in the same transaction.
"""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from uuid import UUID

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import delete, func, select

from frontdesk import audit, mail
from frontdesk.accounts import entering, recovery, tickets, totp, trusted
from frontdesk.accounts.attempts import count_try, forgive_try, network
from frontdesk.accounts.models import Authenticator, Member, Passkey
from frontdesk.audit import LogEntry
from frontdesk.db import db, now, transaction
from frontdesk.forms import Refused

CODE, RECOVERY = "code", "recovery"
REFUSED = "second-step.refused"
LONGEST_CODE = 100  # of what is typed; the rest is no code


def prove(member: Member, typed: str, address: str) -> str:
    """Use up the app's or recovery code that was typed; which of both it was, as a method.

    Six digits can be guessed by who knows the password: half of LOGIN_TRIES from one address in a
    window, LOGIN_TRIES from all together. So a few guesses elsewhere don't lock the member out, and
    a recovery code, which nobody guesses, is counted by itself.

    :raise TooManyTries: then
    :raise Refused: if it is wrong, or was used before
    """
    code, address = plain(typed), network(address)
    is_of_app = totp.SHAPE.fullmatch(code) is not None
    limits = _limits(member.id, address, CODE if is_of_app else RECOVERY)
    count_try(limits)
    with transaction():
        if is_of_app and totp.verify(member.id, code):
            method = CODE
        elif not is_of_app and recovery.use(member.id, code):
            method = RECOVERY
            _note_recovery(member)
        else:
            method = ""
            _note_wrong_code(member)
    if not method:
        raise Refused(_wrong(is_of_app), "code")
    forgive_try(limits)
    return method


def turn_on(member: Member, typed: str) -> list[str]:
    """Count the app that waits as the member's, or as the new one in place of the old.

    Their recovery codes are given back if they have none left, and shown this once.

    :raise Refused: if the code is wrong, or no app waits
    """
    with transaction():
        totp.confirm(member.id, plain(typed))
        changed(member.id)
        codes = [] if recovery.left(member.id) else recovery.make(member.id)
        audit.record("second-step.on", member_id=member.id)
        mail.send(member.email, "second_step_on", member.language, member=member)
    return codes


def turn_off(member: Member) -> None:
    """Remove the member's app. Twice is once.

    :raise Refused: if their role requires a second step and they have no passkey
    """
    with transaction() as session:
        if is_required(member.role) and not _has_passkey(member.id):
            raise Refused(_("Your role requires a second step. Set up another app instead."))
        mine = delete(Authenticator).where(Authenticator.member_id == member.id)
        if session.scalar(mine.returning(Authenticator.member_id)) is None:
            return
        changed(member.id)
        audit.record("second-step.off", member_id=member.id)
        mail.send(member.email, "second_step_off", member.language, member=member, by_admin=False)


def remove_all(member: Member) -> None:
    """Let a member in by password alone who has lost all else: an admin's deed.

    App, passkeys, recovery codes, trusted devices and half log-ins are gone.
    """
    with transaction() as session:
        session.execute(delete(Authenticator).where(Authenticator.member_id == member.id))
        session.execute(delete(Passkey).where(Passkey.member_id == member.id))
        changed(member.id)
        audit.record("second-step.reset", member_id=member.id, of=member.username)
        mail.send(member.email, "second_step_off", member.language, member=member, by_admin=True)


def changed(member_id: UUID) -> None:
    """What was trusted before is asked again, and codes without a second step end.

    A part of another verb, after an app or a passkey came or went.
    """
    db.session.flush()
    trusted.forget_all(member_id)
    entering.end_halves(member_id)
    tickets.void(totp.PURPOSE, member_id)
    if not entering.has_second_step(db.session.get_one(Member, member_id)):
        recovery.remove(member_id)


def is_required(role: str) -> bool:
    """Whether REQUIRE_SECOND_STEP names this role."""
    return role in current_app.config["REQUIRE_SECOND_STEP"]


def plain(typed: str) -> str:
    """A code without the spaces and dashes that people put in, full-width digits as digits."""
    text = unicodedata.normalize("NFKC", typed[:LONGEST_CODE])
    return "".join(letter for letter in text if letter.isalnum())


def _limits(member_id: UUID, address: str, kind: str) -> dict[str, int]:
    tries = current_app.config["LOGIN_TRIES"]
    limits = {
        f"{kind}:{member_id}:{address}": max(tries // 2, 1),
        f"login::{address}": current_app.config["LOGIN_TRIES_PER_ADDRESS"],
    }
    return limits | {f"{kind}:{member_id}": tries} if kind == CODE else limits


def _wrong(is_of_app: bool) -> str:
    if is_of_app:
        said = _(
            "The code is not right, or was used before. Enter the next one that your app shows."
        )
    else:
        said = _("The code is not right, or was used before. Enter another.")
    return str(said)


def _note_wrong_code(member: Member) -> None:
    """The member hears of it once it is too often for a slip: somebody knows their password."""
    audit.record(REFUSED, member_id=member.id, who=member.username)
    db.session.flush()
    config = current_app.config
    since = now() - timedelta(seconds=config["LOGIN_WINDOW"])
    mine = LogEntry.member_id == member.id, LogEntry.what == REFUSED, LogEntry.at > since
    count = db.session.scalar(select(func.count()).select_from(LogEntry).where(*mine)) or 0
    if count == max(config["LOGIN_TRIES"] // 2, 1):
        mail.send(member.email, "wrong_codes", member.language, member=member)


def _note_recovery(member: Member) -> None:
    left = recovery.left(member.id)
    audit.record("second-step.recovered", member_id=member.id, who=member.username, left=left)
    mail.send(member.email, "recovery_code_used", member.language, member=member, left=left)


def _has_passkey(member_id: UUID) -> bool:
    mine = select(Passkey.id).where(Passkey.member_id == member_id).limit(1)
    return db.session.scalar(mine) is not None
