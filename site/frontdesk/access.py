"""Who may come in: every page asks for a log-in unless it says @public.

A program may show a token in place of a log-in, on the pages that say @by_token; nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Request, abort, current_app, flash, g, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import LoginManager, current_user
from werkzeug.wrappers import Response

from frontdesk.db import SAFE_METHODS, now

View = TypeVar("View", bound=Callable[..., Any])

login = LoginManager()
login.session_protection = None  # session rows do that; phones change their address all day
PUBLIC_BY_NATURE = {"static", "bootstrap.static", "favicon"}
LONGEST_NEXT = 512
Check = Callable[[str], Response | None]
_first: list[Check] = []


def public(view: View) -> View:
    """Let anyone see this page."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def by_token(view: View) -> View:
    """Let programs ask for this page with a token; to change something it must be of WRITE."""
    view.is_by_token = True  # type: ignore[attr-defined]
    return view


def admin_only(view: View) -> View:
    """Let only admins see this page; for others it isn't there."""
    view.is_admin_only = True  # type: ignore[attr-defined]
    return view


def fresh(view: View) -> View:
    """Ask for a password or passkey first, unless it was shown in the last PROOF_LIFETIME seconds.

    For what ends or hands over an account: password, second step, token, address, export, delete.
    The page that has the form says so too, so that nobody fills it in for nothing.
    """
    view.needs_proof = True  # type: ignore[attr-defined]
    return view


def asks_first(check: Check) -> Check:
    """Ask ``check`` at each endpoint, public ones too, before the guard; what it answers counts."""
    _first.append(check)
    return check


def is_proven() -> bool:
    """Whether who asks has shown who they are of late. No program ever has."""
    proven_at: datetime | None = getattr(current_user, "proven_at", None)
    lasts = timedelta(seconds=current_app.config["PROOF_LIFETIME"])
    return proven_at is not None and abs(now() - proven_at) < lasts  # else the clock was ahead


def is_public(app: Flask, endpoint: str) -> bool:
    """Whether strangers may see ``endpoint``."""
    return endpoint in PUBLIC_BY_NATURE or hasattr(app.view_functions[endpoint], "is_public")


def bearer(request: Request = request) -> str | None:
    """What this request shows as its token (RFC 6750 §2.1), good or not; None if nothing.

    Only the header counts: an address with a token in it would stand in logs and histories.
    """
    scheme, _space, secret = request.headers.get("Authorization", "").strip().partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


def acts_by_token() -> bool:
    """Whether a good token made this request, and no browser did on somebody's behalf."""
    return bearer() is not None and bool(getattr(current_user, "scope", ""))


def check_scope() -> None:
    """:raise 403: for a token that may only read; who is logged in may write"""
    if getattr(current_user, "scope", "") not in {"", "write"}:
        abort(403, _("This token may only read."))


def safe_next(target: str | None) -> str | None:
    """``target`` if it is a place on this site, else None.

    Source: OWASP Unvalidated Redirects; browsers read ``\\`` as ``/`` and drop control characters.
    """
    if not target or len(target) > LONGEST_NEXT or "\\" in target or not target.isprintable():
        return None
    return target if target.startswith("/") and not target.startswith("//") else None


def _ask_first() -> Response | None:
    answers = (check(request.endpoint) for check in _first if request.endpoint is not None)
    return next((answer for answer in answers if answer), None)


def _guard() -> Response | None:
    """Let in, or lead to the page that asks for proof.

    A wrong token is nobody, whatever cookie comes with it (security.Sessions sees to that).

    :raise 401: for a stranger at a closed page
    :raise 404: for a member at an admin's
    """
    endpoint = request.endpoint
    if endpoint is None or _is_open(endpoint):
        return None
    if not current_user.is_authenticated:
        _turn_away()
    view = current_app.view_functions[endpoint]
    if bearer() is not None:
        _check_token(view)
    return _check_member(view)


def _check_member(view: Callable[..., Any]) -> Response | None:
    if hasattr(view, "is_admin_only") and not current_user.is_admin:
        abort(404)
    if hasattr(view, "needs_proof") and not is_proven():
        return _ask_for_proof()
    return None


def _ask_for_proof() -> Response:
    """:raise 403: for a program, which can't be led anywhere"""
    if asks_for_json():
        abort(403, _("Confirm that it is you first, with your password."))
    onward = request.full_path
    if request.method not in SAFE_METHODS:
        onward = _page_before() or request.path
        flash(_("Nothing is changed yet. Confirm that it is you, then send it again."), "error")
    return redirect(url_for("accounts.proof", next=onward.rstrip("?")), 303)


def _page_before() -> str | None:
    """The page that has the form which was sent: not each address of a form is a page itself."""
    whence = urlsplit(request.referrer or "")
    return safe_next(whence.path) if whence.netloc == request.host else None


def asks_for_json() -> bool:
    """Whether a script asks, which can't be led to a page."""
    offers = ["text/html", "application/json"]
    return (
        bearer() is not None or request.accept_mimetypes.best_match(offers, offers[0]) != offers[0]
    )


def _turn_away() -> NoReturn:
    if "refused_token" in g:
        raise g.refused_token
    abort(401)


def _is_open(endpoint: str) -> bool:
    """Whether anybody may do this; who shows a token must have a good one to change something."""
    reads = request.method in SAFE_METHODS
    return is_public(current_app, endpoint) and (reads or bearer() is None)


def _check_token(view: Callable[..., Any]) -> None:
    """:raise 403: if tokens have no business here, or this one not that far"""
    if not hasattr(view, "is_by_token"):
        abort(403, _("No token opens this page. Log in with a browser."))
    if request.method not in SAFE_METHODS:
        check_scope()


def init_app(app: Flask) -> None:
    login.init_app(app, add_context_processor=False)  # it would load the member for every template
    app.jinja_env.globals["current_user"] = current_user
    app.before_request(_ask_first)
    app.before_request(_guard)
