"""/theme and /language - the two forms at the foot of every page."""

from __future__ import annotations

from collections.abc import Container
from urllib.parse import urlsplit

from flask import abort, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.access import public, safe_next
from frontdesk.accounts import service as accounts
from frontdesk.hello.home import bp
from frontdesk.language import LANGUAGE_COOKIE, LANGUAGES, THEME_COOKIE, THEMES, YEAR
from frontdesk.security import set_cookie


@bp.post("/theme")
@public
def theme() -> Response:
    """Show the site light, dark, or as the device likes it; back to the same page."""
    return _remember(THEME_COOKIE, THEMES)


@bp.post("/language")
@public
def language() -> Response:
    """Speak English or Chinese; back to the same page."""
    return _remember(LANGUAGE_COOKIE, LANGUAGES)


def _remember(name: str, choices: Container[str]) -> Response:
    """Keep the choice on this device, and with a member in their profile.

    :raise 400: if it is none of ``choices``
    """
    choice = request.form.get(name, "")
    if choice not in choices:
        abort(400)
    if current_user.is_authenticated:
        accounts.prefer(current_user.id, **{name: choice})
    onward = safe_next(request.form.get("next")) or _came_from() or url_for("hello.welcome")
    response = redirect(onward, 303)
    set_cookie(response, name, choice, YEAR)
    return response


def _came_from() -> str | None:
    """The page of this site that the form was on, if the browser says so."""
    referrer = urlsplit(request.referrer or "")
    return safe_next(referrer.path) if referrer.netloc == request.host else None
