"""Fill a site with the demo's cast, and six weeks of what they did. Twice is once."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from uuid import uuid4

from flask import Flask
from sqlalchemy import delete, select

from frontdesk import audit
from frontdesk.accounts import people, tokens
from frontdesk.accounts import service as accounts
from frontdesk.accounts.models import READ, WRITE, LoginSession, Member, username_key
from frontdesk.db import db, now, transaction
from frontdesk.demo import made
from frontdesk.demo.cast import CAST, POSTS, Person
from frontdesk.demo.visits import visit
from frontdesk.files import arrivals, portraits
from frontdesk.files import service as files
from frontdesk.files.models import File
from frontdesk.posts import service as posts

SEED = 1815
WEEKS = timedelta(weeks=6)
KEYS = {username_key(person.username) for person in CAST}
Deed = Callable[[Member], None]
Calendar = list[tuple[datetime, str, int, Deed]]


@dataclass(frozen=True, slots=True)
class Filled:
    """Who was made; nobody, if all were there. ``admin`` is one of them who is an admin."""

    names: list[str]
    admin: str


def others() -> list[str]:
    """Who has an account and is not of the cast."""
    rows = select(Member.username).where(Member.username_key.not_in(KEYS), people.HERE)
    return list(db.session.scalars(rows.order_by(Member.username_key).limit(10)))


def fill(app: Flask, password: str) -> Filled:
    """Make those of the cast who aren't there, with all that they did; touch nobody else.

    :raise Refused: if ``password`` is too weak
    """
    chance, begin = Random(SEED), now() - WEEKS  # noqa: S311  a play, not a secret
    with app.app_context():
        new = [person for person in CAST if accounts.find(person.username) is None]
    for number, person in enumerate(new):
        _settle(app, person, password, begin + timedelta(hours=number), chance)
    calendar = [deed for person in new for deed in _doings(person, begin, chance)]
    calendar += _mail({person.username for person in new}, begin)
    for moment, name, device, deed in sorted(calendar, key=lambda entry: entry[0]):
        with visit(app, moment, name, device) as member:
            if member is not None:
                deed(member)
    for person in new:
        _end_up(app, person)
    return Filled(
        [person.username for person in new], next((p.username for p in new if p.is_admin), "")
    )


def _settle(app: Flask, person: Person, password: str, day: datetime, chance: Random) -> None:
    """Make the account, and its portrait."""
    with visit(app, day):
        member = accounts.create(person.username, password, is_admin=person.is_admin)
        with transaction():
            member.display_name, member.about = person.display_name, person.about
            member.language = person.language
        if person.has_picture:
            with tempfile.NamedTemporaryFile() as drawn, files.storage().begin() as staged:
                drawn.write(made.portrait(person.username, chance))
                drawn.flush()
                portraits.keep_picture(member.id, staged, Path(drawn.name))


def _doings(person: Person, begin: datetime, chance: Random) -> Calendar:
    """What one person does on which day: their files' versions, a bin, links and tokens."""
    done: Calendar = []
    for folder, name, versions in person.files:
        days = sorted(chance.sample(range(1, 40), versions))
        for version, day in enumerate(days, 1):
            moment = begin + timedelta(days=day, minutes=chance.randrange(480, 1_300))
            deed = _keeping(folder, name, made.content(name, version, chance))
            done.append((moment, person.username, day % 3, deed))
    if len(person.files) > 1:
        late = begin + WEEKS - timedelta(hours=chance.randrange(2, 24))
        done.append((late, person.username, 1, _sharing))
        done.append((late + timedelta(minutes=7), person.username, 0, _throwing_away))
    if person.username in {"ada", "xiaoming"}:
        done.append((begin + timedelta(days=9), person.username, 2, _letting_programs_in))
    return done


def _keeping(folder: str, name: str, content: bytes) -> Deed:
    def keep(member: Member) -> None:
        with files.storage().begin() as staged:
            staged.write(content)
            path = [part for part in folder.split("/") if part]
            arrivals.take_in(member.id, path, name, staged, "version")

    return keep


def _sharing(member: Member) -> None:
    """One link that goes on, one that ended."""
    first, second = _oldest(member, 2)
    posts.create_link(first, None)
    posts.revoke(posts.create_link(second, 7))


def _throwing_away(member: Member) -> None:
    files.delete(_oldest(member, 3)[-1])


def _letting_programs_in(member: Member) -> None:
    tokens.create(member.id, uuid4(), "backup", READ, 365)
    tokens.create(member.id, uuid4(), "scanner at the entrance", WRITE, None)


def _mail(new: set[str], begin: datetime) -> Calendar:
    """The posts between those who are new, each with the sender's oldest file."""

    def sending(to: Sequence[str], message: str, is_done: bool) -> Deed:
        def send(member: Member) -> None:
            people = [found for found in map(accounts.find, to) if found]
            post = posts.send(member.id, people, message, _oldest(member, 1))
            if is_done:
                posts.set_done(people[0].id, post, True)

        return send

    return [
        (begin + WEEKS - timedelta(days=12 - number), sender, 0, sending(to, message, is_done))
        for number, (sender, to, message, is_done) in enumerate(POSTS)
        if new.issuperset({sender, *to})
    ]


def _end_up(app: Flask, person: Person) -> None:
    """How they fare now; and of all their log-ins, one a device."""
    with visit(app, now() - timedelta(hours=3)):
        key = username_key(person.username)
        member = db.session.scalars(select(Member).where(Member.username_key == key)).one()
        with transaction():
            member.email = f"{key}@example.org"
            member.email_key = member.email
            _tidy_log_ins(member)
            if person.fate == "waiting":
                member.waiting_since = now()
        if person.fate == "disabled":
            accounts.set_enabled(member, False)
        if person.fate == "full":
            people.set_quota(member, member.used * 100 // 97)
        if person.is_admin:
            _note_guesses()


def _tidy_log_ins(member: Member) -> None:
    mine = select(LoginSession).where(LoginSession.member_id == member.id)
    seen: set[str] = set()
    for log_in in db.session.scalars(mine.order_by(LoginSession.seen_at.desc())):
        lasts_until = log_in.seen_at + timedelta(days=30)
        if log_in.device in seen or lasts_until < now():
            key = LoginSession.token_hash == log_in.token_hash
            db.session.execute(delete(LoginSession).where(key))
        else:
            log_in.expires_at = lasts_until
        seen.add(log_in.device)


def _note_guesses() -> None:
    """Somebody elsewhere tries names that everybody tries."""
    with transaction():
        for name in ("admin", "test", "administrator"):
            audit.record("member.login-refused", who=name)


def _oldest(member: Member, most: int) -> list[File]:
    mine = select(File).where(File.owner_id == member.id, File.folder_id.is_not(None))
    there = mine.where(File.deleted_at.is_(None)).order_by(File.created_at, File.id)
    found = list(db.session.scalars(there.limit(most)))
    return found if len(found) == most else [*found, *found][:most]
