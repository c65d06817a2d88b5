"""Who may come in: every page asks for a log-in unless it says @public."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, abort, current_app, request
from flask_login import LoginManager, current_user

View = TypeVar("View", bound=Callable[..., Any])

login = LoginManager()
login.session_protection = None  # session rows do that; phones change their address all day
PUBLIC_BY_NATURE = {"static", "bootstrap.static", "favicon"}
LONGEST_NEXT = 512


def public(view: View) -> View:
    """Let anyone see this page."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def admin_only(view: View) -> View:
    """Let only admins see this page; for others it isn't there."""
    view.is_admin_only = True  # type: ignore[attr-defined]
    return view


def is_public(app: Flask, endpoint: str) -> bool:
    """Whether strangers may see ``endpoint``."""
    return endpoint in PUBLIC_BY_NATURE or hasattr(app.view_functions[endpoint], "is_public")


def safe_next(target: str | None) -> str | None:
    """``target`` if it is a place on this site, else None.

    Source: OWASP Unvalidated Redirects; browsers read ``\\`` as ``/`` and drop control characters.
    """
    if not target or len(target) > LONGEST_NEXT or "\\" in target or not target.isprintable():
        return None
    return target if target.startswith("/") and not target.startswith("//") else None


def _guard() -> None:
    """:raise 401: for a stranger at a closed page. :raise 404: for a member at an admin's."""
    endpoint = request.endpoint
    if endpoint is None or is_public(current_app, endpoint):
        return
    if not current_user.is_authenticated:
        abort(401)
    if hasattr(current_app.view_functions[endpoint], "is_admin_only") and not current_user.is_admin:
        abort(404)


def init_app(app: Flask) -> None:
    login.init_app(app, add_context_processor=False)  # it would load the member for every template
    app.jinja_env.globals["current_user"] = current_user
    app.before_request(_guard)
