"""What is counted as it happens. No label is anything that a person typed or is.

Labels are names of ours: endpoints, methods, words of the log, kinds of jobs. Whatever is none of
them shares one label, so that nobody can fill the memory by asking for addresses.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from flask import (
    Flask,
    Request,
    Response,
    current_app,
    g,
    has_app_context,
    has_request_context,
    request,
)

from frontdesk.watching.ledger import Ledger

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)  # seconds
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
# The numbers of a request: how many, their seconds, bytes in, bytes out, and one for each bucket.
REQUEST, COUNT, SECONDS, BYTES_IN, BYTES_OUT, FIRST_BUCKET = "request", 0, 1, 2, 3, 4
SIZE = FIRST_BUCKET + len(BUCKETS) + 1
UNKNOWN, OTHER = "unknown", "other"
FULL = 507  # the disk's no, and no fault of ours
LOGINS = {
    "member.login": "ok",
    "member.login-refused": "wrong",
    "second-step.refused": "wrong code",
}


def ledger() -> Ledger:
    """This site's."""
    return cast(Ledger, current_app.extensions["ledger"])


def add(name: str, *labels: str, by: float = 1) -> None:
    """Raise the number of that name and these labels; outside a site nobody counts."""
    if has_app_context() and "ledger" in current_app.extensions:
        ledger().add((name, *labels), 1, [(0, by)])


def deed(what: str) -> None:
    """A deed that the log has now; log-ins are counted by how they ended, too."""
    add("deed", what)
    if what in LOGINS:
        add("login", LOGINS[what])


def endpoint() -> str:
    """Which view this request came to: a name of ours, or the one for all that has none."""
    return (request.endpoint if has_request_context() else None) or UNKNOWN


def method() -> str:
    """This request's; anything may stand there, so what isn't known shares a name."""
    return request.method if request.method in METHODS else OTHER


@contextmanager
def taking_in(way: str, *, begun: bool = True) -> Iterator[None]:
    """Count one upload by its ``way``: form, PUT, tus; and whether it is finished, refused by us,
    or fails by something else.
    """
    if begun:
        add("upload", way, "begun")
    try:
        yield
    except Exception as no:
        status = getattr(no, "status", getattr(no, "code", None))
        status = status if isinstance(status, int) else 500  # SQLAlchemy's code is a word
        add("upload", way, "refused" if status < 500 or status == FULL else "failed")
        raise
    add("upload", way, "finished")


def took_in(way: str, size: int) -> None:
    """So many bytes of finished uploads."""
    add("upload bytes", way, by=size)


def this_request() -> Request:
    """The request itself, not what stands for it."""
    found: Request = request._get_current_object()  # type: ignore[attr-defined]
    return found


def seconds() -> float:
    """How long this request has taken so far."""
    began: float | None = g.get("began")
    return 0.0 if began is None else time.perf_counter() - began


def _count(ledger: Ledger, asked: Request, took: float, response: Response) -> None:
    """Each proxy of Flask's that is asked costs a microsecond, so the things themselves come."""
    method, status, length = (
        asked.method,
        response.status_code,
        response.headers.get("Content-Length"),
    )
    changes = (
        (COUNT, 1),
        (SECONDS, took),
        (BYTES_IN, (asked.content_length or 0) if status < 400 else 0),
        (BYTES_OUT, int(length) if length and method != "HEAD" and length.isdecimal() else 0),
        (FIRST_BUCKET + bisect_left(BUCKETS, took), 1),
    )
    rule = asked.url_rule
    where, method = rule.endpoint if rule else UNKNOWN, method if method in METHODS else OTHER
    ledger.add((REQUEST, where, method, f"{status // 100}xx"), SIZE, changes)


def init_app(app: Flask) -> None:
    """Count in a folder of the instance."""
    ledger = app.extensions["ledger"] = Ledger(Path(app.instance_path, "counts"))

    def count(response: Response) -> Response:
        _count(ledger, this_request(), seconds(), response)
        return response

    app.after_request(count)
