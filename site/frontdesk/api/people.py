"""/me and /users - who is asking, and who else is here, for programs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask_login import current_user
from sqlalchemy import select

from frontdesk.accounts.models import Member
from frontdesk.db import db
from frontdesk.language import language, theme

bp = Blueprint("api", __name__)


@bp.get("/me")
def me() -> dict[str, Any]:
    """The member who is asking; ``image`` is an address, or empty."""
    return {
        "id": str(current_user.id),
        "username": current_user.username,
        "display_name": current_user.display_name,
        "role": current_user.role,
        "theme": theme(),
        "language": language(),
        "image": current_user.picture(1.0),
    }


@bp.get("/users")
def users() -> list[dict[str, Any]]:
    """Everybody with an account that is not disabled, by username."""
    rows = select(Member.id, Member.username, Member.display_name)
    found = db.session.execute(
        rows.where(Member.disabled_at.is_(None)).order_by(Member.username_key)
    )
    return [
        {"id": str(row.id), "username": row.username, "display_name": row.display_name}
        for row in found
    ]
