"""What can be done with posts and links: send, find, be done with; create, open, revoke."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import abort
from flask_babel import gettext as _
from sqlalchemy import BindParameter, Select, bindparam, exists, select
from sqlalchemy.orm import joinedload, selectinload

from frontdesk import audit
from frontdesk.accounts import service as accounts
from frontdesk.accounts.models import Member, username_key
from frontdesk.db import db, now, rows, transaction
from frontdesk.files.models import File
from frontdesk.forms import Refused
from frontdesk.posts import telling
from frontdesk.posts.models import Link, Post, PostFile, Recipient

MOST_LISTED = 100
LARGEST_ID = 2**31 - 1
ME: BindParameter[UUID] = bindparam("member_id")
NEWEST = (  # built once: putting a statement together costs more than running it
    select(Post)
    .options(
        joinedload(Post.sender),
        selectinload(Post.recipients).joinedload(Recipient.member),
        selectinload(Post.files),
    )
    .order_by(Post.id.desc())
    .limit(MOST_LISTED)
)
MINE = NEWEST.join(Recipient).where(Recipient.member_id == ME)
WAITING = MINE.where(Recipient.done_at.is_(None))
ANY_WAITING = (
    select(Recipient.post_id).where(Recipient.member_id == ME, Recipient.done_at.is_(None)).limit(1)
)
DONE = MINE.where(Recipient.done_at.is_not(None))
SENT = NEWEST.where(Post.sender_id == ME)


def find_recipients(to: str) -> list[Member]:
    """The members whose usernames stand in ``to``, with commas between them.

    :raise Refused: if one of them isn't known here, or may not log in any more
    """
    found: dict[UUID, Member] = {}
    parts = (part.strip() for part in to.replace("，", ",").split(","))
    for name in {username_key(part): part for part in parts if part}.values():  # each once
        member = accounts.find(name)
        if member is None or member.disabled_at or member.waiting_since:
            said = _("Nobody here is called “%(name)s”. Check the username.", name=name)
            raise Refused(said, "to")
        found[member.id] = member
    if not found:
        raise Refused(_("Enter the username of the person it is for"), "to")
    return list(found.values())


def send(sender_id: UUID, to: Sequence[Member], message: str, files: Sequence[File]) -> Post:
    """Send a post. Its files are the bytes as they are now.

    :raise Refused: if there is neither a message nor a file
    """
    if not message.strip() and not files:
        raise Refused(_("Write a message, or select a file"), "message")
    with transaction() as session:
        post = Post(sender_id=sender_id, message=message.strip())
        post.recipients = [Recipient(member_id=member.id) for member in to]
        post.files = [
            PostFile(
                blob_id=file.blob_id, name=file.name, size=file.size, media_type=file.media_type
            )
            for file in files
        ]
        session.add(post)
        session.flush()
        audit.record("post.send", member_id=sender_id, post=post.id, files=len(files))
        telling.tell(post, to)
    return post


def get_post(member_id: UUID, post_id: int) -> Post:
    """:raise 404: if there is no such post, or the member neither sent nor gets it"""
    if post_id > LARGEST_ID:  # the database could not even ask
        abort(404)
    is_mine = exists().where(Recipient.post_id == post_id, Recipient.member_id == member_id)
    post = db.session.scalar(
        select(Post)
        .options(
            joinedload(Post.sender),
            selectinload(Post.recipients).joinedload(Recipient.member),
            selectinload(Post.files),
        )
        .where(Post.id == post_id, (Post.sender_id == member_id) | is_mine)
    )
    if post is None:
        abort(404)
    return post


def get_post_file(member_id: UUID, post_id: int, file_id: UUID) -> PostFile:
    """:raise 404: if the post isn't theirs, or holds no such file"""
    get_post(member_id, post_id)
    file = db.session.get(PostFile, file_id, options=[joinedload(PostFile.blob)])
    if file is None or file.post_id != post_id:
        abort(404)
    return file


def received_by(member_id: UUID, *, done: bool) -> Sequence[Post]:
    """The posts that came for a member, done with or still waiting, newest first."""
    if not done and rows(ANY_WAITING, member_id=member_id).first() is None:
        return []  # mostly
    return _found(DONE if done else WAITING, member_id)


def sent_by(member_id: UUID) -> Sequence[Post]:
    """The posts that a member has sent, newest first."""
    return _found(SENT, member_id)


def set_done(member_id: UUID, post: Post, done: bool) -> None:
    """Put a post away, or bring it back. Twice is once.

    :raise 404: if the member isn't one of its recipients
    """
    with transaction() as session:
        recipient = session.get(Recipient, (post.id, member_id))
        if recipient is None:
            abort(404)
        recipient.done_at = (recipient.done_at or now()) if done else None


def create_link(file: File, days: int | None) -> Link:
    """An address that opens ``file`` to whoever holds it, for so many days or until revoked."""
    with transaction() as session:
        link = Link(file_id=file.id, expires_at=now() + timedelta(days=days) if days else None)
        session.add(link)
        audit.record("link.create", member_id=file.owner_id, file=str(file.id), days=days)
    return link


def links_of(file: File) -> Sequence[Link]:
    """The links of ``file`` that work, newest first."""
    mine = select(Link).where(
        Link.file_id == file.id,
        Link.revoked_at.is_(None),
        Link.expires_at.is_(None) | (Link.expires_at > now()),
    )
    return db.session.scalars(mine.order_by(Link.created_at.desc())).all()


def get_link(member_id: UUID, file_id: UUID, token: UUID) -> Link:
    """:raise 404: if that file has no such link, or isn't theirs"""
    link = db.session.get(Link, token, options=[joinedload(Link.file)])
    if link is None or link.file_id != file_id or link.file.owner_id != member_id:
        abort(404)
    return link


def revoke(link: Link) -> None:
    """End a link. Twice is once."""
    with transaction():
        link.revoked_at = link.revoked_at or now()
        audit.record("link.revoke", member_id=link.file.owner_id, file=str(link.file_id))


def open_link(token: UUID) -> Link:
    """The link that a visitor holds.

    :raise 404: if there never was one
    :raise 410: if it was revoked, has expired, its file or owner is gone, or the owner
        has asked to leave
    """
    found = joinedload(Link.file)
    parts = [found.joinedload(File.blob), found.joinedload(File.folder)]
    link = db.session.get(Link, token, options=parts)
    if link is None:
        abort(404)
    owner = db.session.get_one(Member, link.file.owner_id)
    has_expired = link.expires_at is not None and link.expires_at <= now()
    if link.revoked_at or has_expired or not link.file.is_there or _is_gone(owner):
        abort(410)
    return link


def _is_gone(owner: Member) -> bool:
    return owner.disabled_at is not None or owner.leaves_at is not None


def _found(posts: Select[Any], member_id: UUID) -> Sequence[Post]:
    return db.session.scalars(posts, {"member_id": member_id}).all()
