"""Tell the recipients of a post by a letter, unless they don't want to be told."""

from __future__ import annotations

from collections.abc import Sequence

from flask import has_request_context

from frontdesk import mail
from frontdesk.accounts import notifications
from frontdesk.accounts.models import Member
from frontdesk.db import db
from frontdesk.pages import absolute
from frontdesk.posts.models import Post


def tell(post: Post, to: Sequence[Member]) -> None:
    """A part of another verb. A letter says that something came and where, never what it says."""
    if not (mail.is_on() and has_request_context()):  # `flask demo` writes to nobody
        return
    sender = db.session.get_one(Member, post.sender_id)
    for member in to:
        if member.id != sender.id and notifications.wants(member, notifications.POST):
            mail.send(
                member.email,
                "post",
                member.language,
                member.timezone,
                sender=sender.display_name or sender.username,
                post=post,
                address=absolute("posts.post", post_id=post.id),
                choices=absolute("profile.notifications"),
            )
