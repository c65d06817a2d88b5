"""/login and /logout - let a member in, and out again."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response

from frontdesk.access import bearer, public, safe_next
from frontdesk.accounts import entering, service, sessions
from frontdesk.accounts.forms import LoginForm
from frontdesk.db import SAFE_METHODS
from frontdesk.forms import Form, Refused
from frontdesk.logs import request_id
from frontdesk.pages import page, problem, say_no, see, wants_json
from frontdesk.security import read_cookie, set_cookie
from frontdesk.templating import here

bp = Blueprint("accounts", __name__)
NAME_COOKIE = "username"
# For Basic browsers would ask in a window of their own; Bearer is RFC 6750's, for programs.
BY_FORM, BY_TOKEN = 'Form realm="Frontdesk"', 'Bearer realm="Frontdesk"'


@bp.route("/login", methods=["GET", "POST"])
@public
def login() -> Response:
    """Let a member in, and send them where they wanted to go."""
    form = login_form(request.args.get("next"))
    onward = safe_next(form.next.data) or url_for("hello.home")
    if current_user.is_authenticated:
        return redirect(onward, 303)
    if form.validate_on_submit():
        try:
            member = service.recognise(
                form.username.data or "", form.password.data or "", request.remote_addr or ""
            )
        except Refused as no:
            return say_no("accounts/login.html", form, no)
        is_in = entering.enter(member, form.remember.data, "password")
        response = redirect(onward, 303) if is_in else see("accounts.second_step", next=onward)
        name = member.username if form.remember.data else ""
        set_cookie(response, NAME_COOKIE, name, current_app.config["SESSION_REMEMBERED"])
        return response
    return page("accounts/login.html", form, shared=True)


@bp.route("/logout", methods=["GET", "POST"])
@public
def logout() -> Response:
    """Ask, then let the member out."""
    form = Form()
    if current_user.is_authenticated and not form.is_submitted():
        return page("accounts/logout.html", form)
    if current_user.is_authenticated:
        sessions.end()
    response = see("hello.welcome")
    response.headers["Clear-Site-Data"] = '"storage"'
    return response


@bp.app_errorhandler(401)
def ask_to_log_in(error: Unauthorized) -> Response:
    """The log-in form in place of a closed page; it leads on to where one wanted to go."""
    if bearer() is not None:
        response = problem(401, _("The token is wrong, or it has ended. Make another one."))
        response.headers["WWW-Authenticate"] = f'{BY_TOKEN}, error="invalid_token"'
    elif wants_json():
        response = problem(401, _("Log in to continue"))
        response.headers["WWW-Authenticate"] = BY_TOKEN
    else:
        onward = here() if request.method in SAFE_METHODS else request.path
        form = login_form(onward, formdata=None)  # what came was meant for the other page
        response = page("errors/401.html", form, 401, reference=request_id())
        response.headers["WWW-Authenticate"] = BY_FORM
    return response


def login_form(onward: str | None = None, **kwargs: Any) -> LoginForm:
    """The log-in form, with the name that this device remembers and where to go next."""
    name = read_cookie(NAME_COOKIE)
    return LoginForm(**kwargs, username=name, remember=bool(name), next=safe_next(onward) or "")
