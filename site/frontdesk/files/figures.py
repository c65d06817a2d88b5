"""What the admin sees of the space: who has how much, the biggest files, what lies in bins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from frontdesk.accounts.models import Member
from frontdesk.accounts.people import HERE
from frontdesk.db import db
from frontdesk.files.models import File, Folder
from frontdesk.files.paging import Page, Part, View, a_page

BIGGEST = 100
PEOPLE = select(Member.id, Member.username, Member.used, Member.reserved, Member.quota).where(HERE)


def people(view: View) -> Page:
    """Who keeps how much, the most first, under "p"."""
    return a_page([Part("p", PEOPLE, Member.used, Member.id, True, {})], view)


def biggest() -> Sequence[Any]:
    """The hundred biggest files, in the bin or not: owner, name, size, type."""
    columns = Member.username, File.name, File.size, File.media_type, File.deleted_at
    found = select(*columns).join(Member, Member.id == File.owner_id)
    found = found.where(File.folder_id.is_not(None))
    return db.session.execute(found.order_by(File.size.desc(), File.id).limit(BIGGEST)).all()


def in_bins() -> tuple[int, int]:
    """How many files lie in everybody's bins, those of deleted folders too, and their bytes."""
    alone = select(func.count(), func.sum(File.size)).where(File.deleted_at.is_not(None))
    within = select(func.sum(Folder.files_in), func.sum(Folder.bytes_in))
    within = within.where(Folder.deleted_at.is_not(None))
    sums = [db.session.execute(query).one() for query in (alone, within)]
    return sum(int(row[0] or 0) for row in sums), sum(int(row[1] or 0) for row in sums)


def files_there() -> int:
    """How many files can be reached, by the folders' own counters."""
    counted = select(func.sum(Folder.files_in)).where(Folder.deleted_at.is_(None))
    return int(db.session.scalar(counted) or 0)
