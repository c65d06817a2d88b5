"""A password that was forgotten: a link, by letter or from an admin, gives a new one, once."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from frontdesk import audit, jobs, mail
from frontdesk.accounts import changing, tickets
from frontdesk.accounts.attempts import count_try, limits_for
from frontdesk.accounts.models import RESET, Member, Ticket, username_key
from frontdesk.accounts.passwords import check_new_password, hash_password
from frontdesk.db import db, now, transaction
from frontdesk.pages import absolute

BY_LETTER, BY_ADMIN = timedelta(hours=1), timedelta(hours=48)
PAUSE = timedelta(minutes=5)  # between two letters to the same member, whoever asks for them
MOST_MEMBERS = 5  # who share an address
LONGEST_ASKED = 250


def ask(asked: str, address: str, language: str) -> None:
    """Have a letter sent to whoever has that username or email address, if anybody does.

    Who that is is looked up by a job, after the answer: this does the same for everybody.

    :raise TooManyTries: when too many asked for them, or from there
    """
    key = username_key(asked.strip())[:LONGEST_ASKED]
    count_try(limits_for("reset", key, address))
    with transaction():
        audit.record("member.reset-asked", who=key[:64])
        jobs.ask("reset", f"{language} {key}", again=True)


def admin_link(member: Member) -> str:
    """The secret of a link to hand over where no letter can go. It logs nobody in."""
    with transaction():
        secret = tickets.issue(RESET, member.id, BY_ADMIN, by="admin")
        audit.record("member.reset-link", member_id=member.id, of=member.username)
    return secret


def find(secret: str, address: str) -> Member | None:
    """Whose password the link may change; wrong ones are counted.

    :raise TooManyTries: when too many came from there
    """
    ticket = tickets.find(RESET, secret)
    member = _allowed(ticket) if ticket else None
    if member is None:
        count_try(limits_for("reset-link", "", address))
    return member


def finish(secret: str, password: str) -> Member | None:
    """Give the link's member that password, and log them out everywhere; None if it has ended.

    :raise Refused: if it is too weak; the link is still good then
    """
    ticket = tickets.find(RESET, secret)
    member = _allowed(ticket) if ticket else None
    if member is None:
        return None
    check_new_password(password, member.username, also=changing.words_of(member))
    password_hash = hash_password(password)
    with transaction():
        used = tickets.redeem(RESET, secret)  # two may have come at once
        member = _allowed(used) if used else None
        if member is not None:
            changing.keep(member, password_hash, by="reset")
    return member


def _allowed(ticket: Ticket) -> Member | None:
    member = db.session.get(Member, ticket.member_id)
    return member if member is not None and _may_log_in(member) else None


def _may_log_in(member: Member) -> bool:
    return member.disabled_at is None and member.waiting_since is None


@jobs.task("reset", minutes=2)
def _write(subject: str) -> None:
    language, _, key = subject.partition(" ")
    for member in _meant(key):
        if member.email:
            _send_link(member, language)


def _meant(key: str) -> list[Member]:
    """Who may log in and has that name, or that address."""
    named = Member.username_key == key
    addressed = (func.lower(Member.email) == key) | (Member.email_key == key)
    may_log_in = Member.disabled_at.is_(None), Member.waiting_since.is_(None)
    found = select(Member).where(addressed if "@" in key else named, *may_log_in)
    # Whose it is for sure comes first: others who only wrote it down don't take their place.
    order = Member.email_confirmed_at.is_(None), Member.username_key
    return list(db.session.scalars(found.order_by(*order).limit(MOST_MEMBERS)))


def _send_link(member: Member, language: str) -> None:
    """A second letter within PAUSE would only fill a mailbox: the first one's link is good."""
    recent = select(Ticket.facts).where(
        Ticket.member_id == member.id,
        Ticket.kind == RESET,
        Ticket.created_at.between(now() - PAUSE, now()),  # one from later: the clock was ahead
    )
    with transaction() as session:
        if any(facts.get("by") == "letter" for facts in session.scalars(recent)):
            return
        secret = tickets.issue(RESET, member.id, BY_LETTER, by="letter")
        mail.send(
            member.email,
            "reset",
            member.language or language,
            name=member.username,
            link=absolute("accounts.reset", secret=secret),
        )
        audit.record("member.reset-letter", member_id=member.id, who=member.username)
