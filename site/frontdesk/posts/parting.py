"""What becomes of posts when somebody leaves: what others have stays theirs, and keeps the name.

A post needs its sender and its recipients. So a name stays in place of who has left: a row of the
role LEFT, with nothing else in it, that nobody can log in to and whose username is free again. It
goes with the last post that names it.
"""

from __future__ import annotations

import uuid
from typing import Any
from uuid import UUID

from sqlalchemy import Delete, Exists, Select, Update, delete, exists, or_, select, update

from frontdesk.accounts.models import LEFT, Member
from frontdesk.db import db, now
from frontdesk.files import blobs
from frontdesk.posts.models import Post, PostFile, Recipient


def part(member: Member) -> list[UUID]:
    """Take ``member`` out of all posts; the blobs to forget once that is committed.

    A part of another verb. Posts that nobody else is left for go, with their files.
    """
    mine = _with(member.id)
    others = exists().where(
        Member.id != member.id,
        Member.role != LEFT,
        or_(Member.id == Post.sender_id, _gets(Member.id)),
    )
    dropped = _remove(mine.where(~others))
    if db.session.scalar(mine.limit(1)) is not None:
        _put_name_in_place(member)
    _remove_names()
    return dropped


def _with(member_id: UUID) -> Select[int]:
    """The ids of the posts that somebody sent or got."""
    return select(Post.id).where(or_(Post.sender_id == member_id, _gets(member_id)))


def _gets(member_id: Any) -> Exists:
    return exists().where(Recipient.post_id == Post.id, Recipient.member_id == member_id)


def _remove(posts: Select[int]) -> list[UUID]:
    held, ids = list[UUID](), db.session.scalars(posts).all()
    for start in range(0, len(ids), blobs.AT_ONCE):
        some = ids[start : start + blobs.AT_ONCE]
        held += db.session.scalars(select(PostFile.blob_id).where(PostFile.post_id.in_(some)))
        _run(delete(Post).where(Post.id.in_(some)))  # files and recipients go with it
    return blobs.drop(held)


def _put_name_in_place(member: Member) -> None:
    name = Member(
        username=member.username,
        username_key=f"left:{uuid.uuid4()}",  # no username has a colon
        display_name=member.display_name,
        password_hash="",
        role=LEFT,
        disabled_at=now(),
    )
    db.session.add(name)
    db.session.flush()
    _run(update(Post).where(Post.sender_id == member.id).values(sender_id=name.id))
    _run(update(Recipient).where(Recipient.member_id == member.id).values(member_id=name.id))


def _remove_names() -> None:
    """Those that no post names any more."""
    sends = exists().where(Post.sender_id == Member.id)
    gets = exists().where(Recipient.member_id == Member.id)
    _run(delete(Member).where(Member.role == LEFT, ~sends, ~gets))


def _run(statement: Delete | Update) -> None:
    db.session.execute(statement.execution_options(synchronize_session=False))
