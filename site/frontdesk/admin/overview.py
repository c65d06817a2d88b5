"""/admin/ - the house at a glance: people, space, and what happened last."""

from __future__ import annotations

from flask import Blueprint
from sqlalchemy import select
from werkzeug.wrappers import Response

from frontdesk.access import admin_only
from frontdesk.accounts import people
from frontdesk.admin import proven
from frontdesk.admin.words import in_words
from frontdesk.audit import LogEntry
from frontdesk.db import db
from frontdesk.files import capacity, figures
from frontdesk.files import service as files
from frontdesk.pages import page

bp = Blueprint("admin", __name__, url_prefix="/admin")
LATEST = 20


@bp.get("/")
@admin_only
def overview() -> Response:
    """Show how many people there are, what they keep, what is left, and the latest entries."""
    latest = select(LogEntry).order_by(LogEntry.id.desc()).limit(LATEST)
    return page(
        "admin/overview.html",
        people=people.count(),
        waiting=people.count_waiting(),
        files=figures.files_there(),
        verified=proven.files(),
        held=capacity.held(),
        free=files.storage().free(),
        entries=[(entry, in_words(entry.what)) for entry in db.session.scalars(latest)],
    )
