"""/admin/ - the house at a glance: people, space, and what happened last."""

from __future__ import annotations

from flask import Blueprint
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from frontdesk.access import admin_only
from frontdesk.accounts.models import Member
from frontdesk.audit import LogEntry
from frontdesk.db import db
from frontdesk.files import service as files
from frontdesk.files.models import THERE, File
from frontdesk.pages import page

bp = Blueprint("admin", __name__, url_prefix="/admin")
LATEST = 20


@bp.get("/")
@admin_only
def overview() -> Response:
    """Show who has an account, what they keep, how much room is left, and the latest entries."""
    members = db.session.execute(
        select(Member.username, Member.display_name, Member.role, Member.used, Member.disabled_at)
        .order_by(Member.username_key)
        .limit(500)
    ).all()
    kept = select(func.count(File.id)).join(File.folder).where(*THERE)
    latest = select(LogEntry).order_by(LogEntry.id.desc()).limit(LATEST)
    return page(
        "admin/overview.html",
        members=members,
        count=db.session.scalar(kept),
        free=files.storage().free(),
        entries=db.session.scalars(latest).all(),
    )
