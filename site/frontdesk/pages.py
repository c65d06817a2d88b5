"""The answers a view gives: a page, "go and see this one", or a problem for programs."""

from __future__ import annotations

import secrets
from collections.abc import Hashable
from typing import Any

from flask import (
    current_app,
    has_request_context,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.wrappers import Response

from frontdesk.access import bearer
from frontdesk.forms import Form, Refused
from frontdesk.language import language, theme
from frontdesk.logs import request_id

MOST_SHARED = 256
# Stands for the CSRF token of whoever asks in a shared page; nobody outside can write it.
PLACEHOLDER = secrets.token_hex(16)
HTML, JSON, PROBLEM = "text/html", "application/json", "application/problem+json"


def page(
    template: str,
    form: Form | None = None,
    status: int = 0,
    *,
    shared: bool = False,
    given: Hashable = None,
    **facts: Any,
) -> Response:
    """Render ``template``; when the form on it has something to complain about, with 422.

    A program that asked for JSON gets the complaints as a problem instead. A ``shared`` page
    is the same for all strangers at its address, and is rendered once for all of them. A
    member's page that shows of ``facts`` only what ``given`` holds is rendered once for the same.
    """
    status = status or (422 if form and form.errors else 200)
    if form and form.errors and wants_json():
        said = [str(error) for errors in form.errors.values() for error in errors]
        return problem(status, " ".join(said), errors=form.errors)
    key = _shared_key(template, form, given) if shared or given else None
    body = (
        _shared(key, template, form, facts)
        if key
        else render_template(template, form=form, **facts)
    )
    response = make_response(body)
    response.status_code = status
    return response


def say_no(template: str, form: Form, no: Refused, **facts: Any) -> Response:
    """The page again, with what is wrong; after too many tries it says when to come back."""
    with form.explains():
        raise no
    response = page(template, form, no.status, **facts)
    if wait := getattr(no, "retry_after", None):
        response.headers["Retry-After"] = str(wait)
    return response


def see(endpoint: str, **values: Any) -> Response:
    """Send the visitor on, so that reloading does not post again."""
    return redirect(url_for(endpoint, **values), 303)


def absolute(endpoint: str, **values: Any) -> str:
    """The whole address of a page, for letters and for links to copy.

    PUBLIC_URL when it is set: what a request says of its host, anybody can write.
    """
    root = str(current_app.config["PUBLIC_URL"])
    if not has_request_context():  # a job, or the command line
        return root.rstrip("/") + current_app.url_map.bind("localhost").build(endpoint, values)
    return (root or request.host_url).rstrip("/") + url_for(endpoint, **values)


def problem(status: int, detail: str, **more: Any) -> Response:
    """A refusal that a program can read (RFC 9457), with the id that stands in the log."""
    title = HTTP_STATUS_CODES.get(status, "Error")
    facts = {"type": "about:blank", "title": title, "status": status, "detail": detail or title}
    response = jsonify({**facts, "request_id": request_id(), **more})
    response.status_code, response.mimetype = status, PROBLEM
    return response


def wants_json() -> bool:
    """Whether a program is asking: it carries a token, or it says so."""
    if bearer() is not None:
        return True
    accept = request.accept_mimetypes
    best = accept.best_match([HTML, JSON, PROBLEM])
    if best in {JSON, PROBLEM} and accept[best] > accept[HTML]:
        return True
    named = set(accept.values())  # "application/json, */*" means JSON, though */* allows HTML
    is_program = request.blueprint == "api"
    return HTML not in named and (is_program or bool(named & {JSON, PROBLEM}))


def _shared_key(template: str, form: Form | None, given: Hashable) -> Hashable:
    """What a page depends on besides the token; None where that isn't known."""
    person = current_user._get_current_object() if current_user.is_authenticated else None
    is_said_once = "_flashes" in session or (form and form.errors)
    if is_said_once or (person and not given) or current_app.debug or request.method != "GET":
        return None
    filled_in = [(field.name, field.data) for field in form or () if field.name != "csrf_token"]
    address = request.scheme, request.host, request.script_root, request.path, request.query_string
    return (template, language(), theme(), address, person, given, *filled_in)


def _shared(key: Hashable, template: str, form: Form | None, facts: dict[str, Any]) -> str:
    kept: dict[Hashable, str] = current_app.extensions.setdefault("shared pages", {})
    token = generate_csrf()
    text = kept.get(key)  # another thread may empty the shelf at any moment
    if text is None:
        text = render_template(template, form=form, **facts).replace(token, PLACEHOLDER)
        if len(kept) >= MOST_SHARED:
            kept.clear()
        kept[key] = text
    return text.replace(PLACEHOLDER, token)
