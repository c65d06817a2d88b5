"""/health - whether the site can do its work just now: for load balancers and monitors."""

from __future__ import annotations

from flask import Response, jsonify

from frontdesk.access import public
from frontdesk.hello import readiness
from frontdesk.hello.home import bp
from frontdesk.stored_settings.live import this_app


@bp.get("/health")
@public
def health() -> tuple[Response, int]:
    """Ready: 200, or 503 with what is wrong; each check with its time in milliseconds.

    Looked at once a second at most, and for two seconds at most, whatever hangs.
    """
    checks = readiness.of(this_app()).checks()
    words = {True: "ok", False: "failing"}
    is_ready = all(check.fine for check in checks.values())
    said = {name: words[check.fine] for name, check in checks.items()}
    detail = {
        name: {"status": words[check.fine], "ms": round(check.seconds * 1000, 1)}
        | ({"why": check.why} if check.why else {})
        for name, check in checks.items()
    }
    answer = jsonify(status=words[is_ready], **said, checks=detail)
    return answer, 200 if is_ready else 503
