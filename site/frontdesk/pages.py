"""The answers a view gives: a page, "go and see this one", or a problem for programs."""

from __future__ import annotations

from typing import Any

from flask import jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.wrappers import Response

from frontdesk.forms import Form

HTML, JSON, PROBLEM = "text/html", "application/json", "application/problem+json"


def page(template: str, form: Form | None = None, status: int = 0, **facts: Any) -> Response:
    """Render ``template``; when the form on it has something to complain about, with 422.

    A program that asked for JSON gets the complaints as a problem instead.
    """
    status = status or (422 if form and form.errors else 200)
    if form and form.errors and wants_json():
        said = [str(error) for errors in form.errors.values() for error in errors]
        return problem(status, " ".join(said), errors=form.errors)
    response = make_response(render_template(template, form=form, **facts))
    response.status_code = status
    return response


def see(endpoint: str, **values: Any) -> Response:
    """Send the visitor on, so that reloading does not post again."""
    return redirect(url_for(endpoint, **values), 303)


def problem(status: int, detail: str, **more: Any) -> Response:
    """A refusal that a program can read (RFC 9457)."""
    title = HTTP_STATUS_CODES.get(status, "Error")
    response = jsonify(
        {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    )
    response.status_code, response.mimetype = status, PROBLEM
    return response


def wants_json() -> bool:
    """Whether a program is asking: it says so, or it carries a token and doesn't ask for HTML."""
    accept = request.accept_mimetypes
    best = accept.best_match([HTML, JSON, PROBLEM])
    if best in {JSON, PROBLEM} and accept[best] > accept[HTML]:
        return True
    is_program = "Authorization" in request.headers or request.blueprint == "api"
    return is_program and HTML not in accept.values()
