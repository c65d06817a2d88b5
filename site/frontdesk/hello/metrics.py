"""/metrics - the site's numbers for Prometheus, to this machine itself and to who has the token."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from flask import Response, abort, current_app, request

from frontdesk.access import bearer, public
from frontdesk.hello import gauges
from frontdesk.hello.home import bp
from frontdesk.watching import counts, exposition

# Any of these says that somebody stands in between, who may speak for anybody.
FORWARDED = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via")


@bp.get("/metrics")
@public
def metrics() -> Response:
    """All numbers, added up over all processes of this machine.

    :raise 404: for everybody else, as if it were not there
    """
    if not (_is_from_here() or _has_token()):
        abort(404)
    body = exposition.text(counts.ledger().totals(), gauges.now())
    return Response(body, content_type=exposition.CONTENT_TYPE)


def _has_token() -> bool:
    token, shown = current_app.config["METRICS_TOKEN"], bearer() or ""
    return bool(token) and hmac.compare_digest(token.encode(), shown.encode())


def _is_from_here() -> bool:
    """Whether a program on this machine asks us ourselves, and no proxy for somebody.

    What a proxy forwards is not from here, trusted or not: its socket is, and whom it speaks for
    is only a header. The host is looked at because some proxies add no such header.
    """
    original = request.environ.get("werkzeug.proxy_fix.orig", request.environ)
    came_by_proxy = any(name in request.headers for name in FORWARDED)
    host = request.host.rpartition(":")[0] or request.host
    return (
        not came_by_proxy
        and _is_loopback(original.get("REMOTE_ADDR") or "")
        and (host == "localhost" or _is_loopback(host.strip("[]")))
    )


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
