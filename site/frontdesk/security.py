"""What every answer carries, and what a request from elsewhere may not do."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit

from flask import Flask, Request, Response, current_app, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError, validate_csrf
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as BaseResponse
from wtforms import ValidationError

from frontdesk.access import PUBLIC_BY_NATURE, acts_by_token, bearer
from frontdesk.db import SAFE_METHODS

LARGEST_COOKIE = 4093  # name, value and attributes; browsers drop what is over 4096 silently
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # Flask-WTF needs a Referer on https
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
TRANSPORT = "max-age=63072000; includeSubDomains"


class Protection(CSRFProtect):
    """Flask-WTF's, which a program with a good token needs not: no other site can send that."""

    def protect(self, apply_exemptions: bool = False) -> None:
        if acts_by_token():
            g.csrf_valid = True  # so that forms don't ask either
            return
        super().protect(apply_exemptions)

    def protect_by_header(self) -> None:
        """The same for a body that is no form, so that nothing reads it.

        :raise CSRFError: without ``X-CSRFToken``, or with somebody else's
        """
        if acts_by_token() or not current_app.config["WTF_CSRF_ENABLED"]:
            return
        try:
            validate_csrf(request.headers.get("X-CSRFToken"))
        except ValidationError as error:
            raise CSRFError(str(error)) from error


csrf = Protection()


class Sessions(SecureCookieSessionInterface):
    """Flask's signed cookie, bound to the host and Secure whenever the request came by https.

    Who shows a token, good or not, has no session: no cookie is believed beside it, none is set.
    """

    _serializer: URLSafeTimedSerializer | None = None

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """What the cookie holds, however old: how long a log-in lasts, its row says.

        Flask would drop a cookie that is too old or from the future, so a clock that jumped once
        would end all log-ins for good.
        """
        if bearer(request) is not None:
            return self.session_class()
        signer = self.get_signing_serializer(app)
        said = request.cookies.get(self.get_cookie_name(app))
        if signer is None or not said:
            return self.session_class() if signer else None
        with suppress(BadSignature):
            return self.session_class(signer.loads(said))
        return self.session_class()

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """One for the process: Flask makes one to read a cookie and another to write it."""
        if self._serializer is None:
            self._serializer = super().get_signing_serializer(app)
        return self._serializer

    def get_cookie_name(self, app: Flask) -> str:
        return cookie_name(app.config["SESSION_COOKIE_NAME"])

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """:raise RuntimeError: in development, when the cookie is too large for browsers."""
        if request.endpoint in PUBLIC_BY_NATURE or bearer() is not None:
            return  # the same for everybody: with Vary: Cookie no cache between could keep it
        super().save_session(app, session, response)
        for header in response.headers.getlist("Set-Cookie"):
            if len(header) > LARGEST_COOKIE:
                said = f"The session cookie has {len(header)} bytes; browsers drop it over 4096."
                if app.debug or app.testing:
                    raise RuntimeError(f"{said} Keep what is large in the database.")
                app.logger.error(said)


def cookie_name(name: str) -> str:
    """``name`` as this request's browser must know it: host-bound over https."""
    return f"__Host-{name}" if request.is_secure else name


def set_cookie(response: BaseResponse, name: str, value: str, seconds: int) -> None:
    """Remember ``value`` on this device for so many ``seconds``; an empty one is forgotten."""
    response.set_cookie(
        cookie_name(name),
        value,
        max_age=seconds if value else 0,
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )


def read_cookie(name: str) -> str:
    """What this device remembers under ``name``, or an empty text."""
    return request.cookies.get(cookie_name(name), "")


def _refuse_other_origins() -> None:
    """:raise CSRFError: when another site's page sent this (Fetch Metadata, RFC 6454 Origin)."""
    if request.method in SAFE_METHODS or acts_by_token():
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        g.from_elsewhere = True
        raise CSRFError("The form was sent from another site.")
    origin = request.headers.get("Origin")
    if origin is not None and origin.partition("://")[2] not in _own_hosts(request):
        g.from_elsewhere = True
        raise CSRFError(f"The form was sent from {origin}, and this is {request.host}.")


def _own_hosts(request: Request) -> set[str]:
    return {request.host, urlsplit(current_app.config["PUBLIC_URL"]).netloc} - {""}


def _add_headers(response: Response) -> Response:
    given = {name for name, _ in response.headers}
    response.headers.extend([header for header in HEADERS.items() if header[0] not in given])
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", TRANSPORT)
    return response


def init_app(app: Flask) -> None:
    if trusted := app.config["TRUSTED_PROXIES"]:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=trusted, x_proto=trusted, x_host=trusted
        )
    app.session_interface = Sessions()
    app.before_request(_refuse_other_origins)
    csrf.init_app(app)
    app.after_request(_add_headers)
