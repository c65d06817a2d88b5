"""Every error has a page of its own, a problem for programs, and an id that stands in the log."""

from __future__ import annotations

from errno import EDQUOT, ENOSPC

from flask import Flask, current_app, g, make_response, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from markupsafe import escape
from sqlalchemy.exc import DatabaseError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm.exc import ObjectDeletedError
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.wrappers import Response

from frontdesk import assets, language, watching
from frontdesk.db import UNKNOWN
from frontdesk.forms import Refused
from frontdesk.logs import request_id
from frontdesk.pages import problem, wants_json

HTTP_STATUS_CODES[507] = "Insufficient Storage"
OWN_PAGES = {400, 401, 403, 404, 405, 410, 413, 415, 416, 422, 429, 500, 503, 507}
MOST_TYPED = 100  # fields; a form of a quarter of a million would come back 20 times as long
SOON = "60"  # seconds; the page says so too
# PostgreSQL says InternalError when it ended a verb that was silent for long.
REFUSALS = {OperationalError, DatabaseError, InternalError, NoConnection}
FULL = ("disk is full", "disk I/O error", "No space left")


def handle_http(error: HTTPException) -> Response:
    """The site's own page for ``error``, or a problem for a program."""
    status = error.code or 500
    is_final = error.response is not None or status < 400
    if is_final or isinstance(error, SecurityError):  # at a foreign host no page can link anything
        return error.get_response(request.environ)
    is_ours = error.description != type(error).description  # Werkzeug's words aren't the site's
    response = answer(status, (error.description or "") if is_ours else "")
    for name, value in error.get_headers(request.environ):
        if name not in {"Content-Type", "Content-Length"}:
            response.headers.setdefault(name, value)
    return response


def handle_csrf(error: CSRFError) -> Response:
    """A form without our token. What was typed is kept to be sent again, but only for our own page.

    A page of another site gets no button that would send its form with our token.
    """
    current_app.logger.warning("A form was refused: %s", error.description)
    if wants_json():
        return problem(400, error.description or "")
    again = [] if g.get("from_elsewhere") or request.files else _typed()
    page = render_template("errors/csrf.html", again=again, reference=request_id())
    return make_response(page, 400)


def handle_crash(error: InternalServerError) -> Response:
    """What nobody expected; Flask has logged the traceback under this request's id."""
    watching.failed(error.original_exception or error)
    return answer(500)


def handle_database(error: DatabaseError | NoConnection) -> Response:
    """A full disk is 507, a database locked, busy, gone or damaged is 503; nothing was written.

    Unless it went in the middle of a commit: then nobody knows. What else it may say, such as that
    a row is twice, is a crash.
    """
    if type(error) not in REFUSALS:
        raise error
    current_app.logger.error("The database refused", exc_info=error)
    watching.failed(error)
    if any(sign in str(error) for sign in FULL):
        return answer(507)
    is_unknown = UNKNOWN in getattr(error, "__notes__", ())
    said = _("It may have been saved, or not. Look before you try again.") if is_unknown else ""
    response = answer(503, said)
    response.headers["Retry-After"] = SOON
    return response


def handle_vanished(error: ObjectDeletedError) -> Response:
    """Somebody was faster: what was found when the request began is gone for good by now."""
    return answer(404)


def handle_os_error(error: OSError) -> Response:
    """A full disk is 507; anything else is a crash."""
    if error.errno not in {ENOSPC, EDQUOT}:
        raise error
    current_app.logger.error("The disk is full", exc_info=error)
    watching.failed(error)
    return answer(507)


def handle_refused(no: Refused) -> Response:
    """A service's no that no form was there to show."""
    response = answer(no.status, no.why)
    if wait := getattr(no, "retry_after", None):
        response.headers["Retry-After"] = str(wait)
    return response


def answer(status: int, detail: str = "") -> Response:
    """The error page of ``status``, in words that say what to do."""
    if status >= 500:
        language.forget_member()  # the database may be what failed
    if wants_json():
        return problem(status, detail or _what_to_do(status))
    shown = status if status in OWN_PAGES else 500 if status >= 500 else 400
    response = make_response((_last if shown >= 500 else _page)(shown, detail))
    response.status_code = status
    return response


def _what_to_do(status: int) -> str:
    """What the page of ``status`` says, for a program whose user may read it."""
    said = {
        500: _("Try again later. Files you uploaded are safe."),
        503: _("Nothing was changed. Try again in a minute."),
        507: _(
            "The disk of this site is full, so nothing was saved. What is there stays. "
            "Delete files or ask the administrator."
        ),
    }
    return str(said.get(status, ""))


def _typed() -> list[tuple[str, str]]:
    """The fields of a form that our own page sent; never a password."""
    if request.headers.get("Sec-Fetch-Site") != "same-origin":
        return []
    fields = list(request.form.items(multi=True))
    if len(fields) > MOST_TYPED or any("password" in name for name, _ in fields):
        return []
    return [(name, value) for name, value in fields if name != "csrf_token"]


def _page(status: int, detail: str) -> str:
    return render_template(f"errors/{status}.html", detail=detail, reference=request_id())


def _last(status: int, detail: str) -> str:
    """The plain page, or if even that can't be made its words: gunicorn would hang up instead."""
    try:
        return _plain(status, detail)
    except Exception:
        current_app.logger.exception("The page of an error could not be made")
        words = escape(detail or _what_to_do(status))
        return f"<!doctype html><title>{status}</title><h1>{status}</h1><p>{words}</p>"


def _plain(status: int, detail: str) -> str:
    """A page that needs neither database nor theme nor base layout."""
    template = current_app.jinja_env.get_template(f"core/errors/{status}.html")
    return template.render(
        language_tag=language.TAGS[language.language()],
        theme=language.theme(),
        bundle=assets.address("css/bundle.css"),
        reference=request_id(),
        detail=detail,
    )


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, handle_http)
    app.register_error_handler(CSRFError, handle_csrf)
    app.register_error_handler(InternalServerError, handle_crash)
    app.register_error_handler(DatabaseError, handle_database)
    app.register_error_handler(NoConnection, handle_database)
    app.register_error_handler(ObjectDeletedError, handle_vanished)
    app.register_error_handler(OSError, handle_os_error)
    app.register_error_handler(Refused, handle_refused)
