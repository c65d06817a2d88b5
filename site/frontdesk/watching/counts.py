"""What is counted as it happens. No label is anything that a person typed or is.

Labels are names of ours: endpoints, methods, words of the log, kinds of jobs. Whatever is none of
them shares one label, so that nobody can fill the memory by asking for addresses.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from flask import Flask, Response, current_app, g, has_app_context, has_request_context, request

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
        status = getattr(no, "status", getattr(no, "code", None)) or 500
        add("upload", way, "refused" if status < 500 or status == FULL else "failed")
        raise
    add("upload", way, "finished")


def took_in(way: str, size: int) -> None:
    """So many bytes of finished uploads."""
    add("upload bytes", way, by=size)


def seconds() -> float:
    """How long this request has taken so far."""
    began: float | None = g.get("began")
    return 0.0 if began is None else time.perf_counter() - began


def bytes_of(response: Response) -> int:
    """How many bytes the body of ``response`` has, as far as it says so."""
    if request.method == "HEAD":
        return 0
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else 0


def _count(response: Response) -> Response:
    took, status = seconds(), f"{response.status_code // 100}xx"
    changes: Sequence[tuple[int, float]] = (
        (COUNT, 1),
        (SECONDS, took),
        (BYTES_IN, (request.content_length or 0) if response.status_code < 400 else 0),
        (BYTES_OUT, bytes_of(response)),
        (FIRST_BUCKET + bisect_left(BUCKETS, took), 1),
    )
    ledger().add((REQUEST, endpoint(), method(), status), SIZE, changes)
    return response


def init_app(app: Flask) -> None:
    """Count in a folder of the instance."""
    app.extensions["ledger"] = Ledger(Path(app.instance_path, "counts"))
    app.after_request(_count)
