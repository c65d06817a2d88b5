"""The site is never without an admin who may log in."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import select

from frontdesk.accounts.models import ADMIN, Member
from frontdesk.db import db
from frontdesk.forms import Refused


def check_not_last(member: Member) -> None:
    """Stop what would leave no admin. A part of another verb, before it changes ``member``.

    The admins' rows are locked until that verb ends: of two who disable each other at the same
    moment one stays. On SQLite the lock is the verb's own.

    :raise Refused: if ``member`` is the only admin who may log in
    """
    may_log_in = Member.disabled_at.is_(None), Member.waiting_since.is_(None)
    admins = select(Member.id).where(Member.role == ADMIN, *may_log_in, Member.leaves_at.is_(None))
    if db.session.scalars(admins.order_by(Member.id).with_for_update()).all() == [member.id]:
        said = _("%(name)s is the last admin. Make another admin first.", name=member.username)
        raise Refused(said)
