"""/login/oidc - log in with the company's account, or link it: there and back."""

from __future__ import annotations

from typing import Any

from flask import abort, current_app, flash, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.access import fresh, public, safe_next
from frontdesk.accounts import entering, identities, openid
from frontdesk.accounts.attempts import count_try, forgive_try, network
from frontdesk.accounts.login import bp, login_form
from frontdesk.forms import Form, Refused
from frontdesk.pages import absolute, page, say_no, see

FLOW = "oidc"  # its key in the cookie


@bp.post("/login/oidc")
@public
def oidc() -> Response:
    """Lead to the provider, to log in.

    :raise 404: if there is none
    """
    _check()
    onward = safe_next(request.form.get("next")) or url_for("hello.home")
    if current_user.is_authenticated:
        return redirect(onward, 303)
    try:
        return _lead_there(onward=onward)
    except Refused as no:
        return _say_no(no, onward)


@bp.post("/login/oidc/link")
@fresh
def link_oidc() -> Response:
    """Lead to the provider, to link what it knows to who is logged in.

    :raise 404: if there is none
    """
    _check()
    try:
        return _lead_there(link=str(current_user.session_id))
    except Refused as no:
        flash(no.why, "error")
        return see("profile.identities")


@bp.get("/login/oidc/callback")
@public
def oidc_callback() -> Response:
    """Let in whom the provider has recognised, or link them.

    :raise 404: if there is no provider
    """
    _check()
    flow = session.pop(FLOW, None)
    known = flow if isinstance(flow, dict) else {}
    try:
        claims = _ask(flow)
        return _link(known, claims) if "link" in known else _enter(known, claims)
    except Refused as no:
        if "link" in known and current_user.is_authenticated:
            flash(no.why, "error")
            return see("profile.identities")
        return _say_no(no, known.get("onward"))


def _check() -> None:
    if not openid.is_on():
        abort(404)


def _lead_there(**facts: str) -> Response:
    """A page that goes on by itself.

    Not a redirect: form-action 'self' holds for all that follows a form, and the provider may lead
    to more sites.
    """
    address, flow = openid.begin(absolute("accounts.oidc_callback"))
    session[FLOW] = {**flow, **facts}
    response = page("accounts/oidc.html", Form(), address=address, name=openid.name())
    response.headers["Refresh"] = f"0; url={address}"
    return response


def _ask(flow: Any) -> dict[str, Any]:
    """:raise TooManyTries: if that many came back with nothing from one address"""
    address = network(request.remote_addr or "")
    limits = {f"oidc::{address}": current_app.config["LOGIN_TRIES_PER_ADDRESS"]}
    count_try(limits)
    claims = openid.finish(flow, request.args.to_dict(), absolute("accounts.oidc_callback"))
    forgive_try(limits)
    return claims


def _enter(flow: dict[str, Any], claims: dict[str, Any]) -> Response:
    onward = safe_next(flow.get("onward")) or url_for("hello.home")
    if entering.enter(identities.recognise(claims), False, "oidc"):
        return redirect(onward, 303)
    return see("accounts.second_step", next=onward)


def _link(flow: dict[str, Any], claims: dict[str, Any]) -> Response:
    """:raise 401: if who began is logged in no longer"""
    if not current_user.is_authenticated or str(current_user.session_id) != flow["link"]:
        abort(401)
    identities.link(current_user.id, claims)
    flash(_("%(name)s is linked: you can log in with it.", name=openid.name()))
    return see("profile.identities")


def _say_no(no: Refused, onward: str | None) -> Response:
    return say_no("accounts/login.html", login_form(onward, formdata=None), no)
