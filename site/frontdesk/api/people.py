"""/me and /users - who is asking, and who else is here, for programs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask_login import current_user

from frontdesk.access import by_token
from frontdesk.accounts import service as accounts
from frontdesk.language import language, theme

bp = Blueprint("api", __name__)


@bp.get("/me")
@by_token
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
@by_token
def users() -> list[dict[str, Any]]:
    """Everybody with an account that is not disabled, by username."""
    return [
        {"id": str(row.id), "username": row.username, "display_name": row.display_name}
        for row in accounts.everybody()
    ]
