"""How long the front server waits: long enough for the app, and not for ever for strangers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress

from frontdesk.check.finding import Finding, _, ok, warn, wrong
from frontdesk.check.visit import PAGE, UPLOADS, Visit

SHORT, LONG = 2, 65
A_HEAD = 100  # seconds after which an unfinished one should have been cut off


def quick(visit: Visit) -> Iterator[Finding]:
    """Whether the app may think for some seconds."""
    yield from _sleep(visit, SHORT)


def patient(visit: Visit) -> Iterator[Finding]:
    """Whether it may think for a minute, as it does over a large file on a slow disk."""
    if visit.slow:
        yield from _sleep(visit, LONG)


def _sleep(visit: Visit, seconds: int) -> Iterator[Finding]:
    id = "time.answer" if seconds == SHORT else "time.long-answer"
    guest = visit.stranger.patient(seconds + 20)
    status = 0
    with suppress(OSError):
        answer = guest.ask("GET", PAGE, f"sleep {seconds}")
        if answer.is_ours:
            yield ok(
                id, _("The front server waits %(seconds)s seconds for an answer."), seconds=seconds
            )
            return
        status = answer.status
    yield wrong(
        id,
        _("The front server gives up on an answer that takes %(seconds)s seconds: %(status)s."),
        _("Give the app two minutes."),
        visit.change(
            nginx="proxy_read_timeout 120s;",
            apache="ProxyTimeout 120",
            gunicorn="timeout = 120",
            uwsgi="http-timeout = 120",
        ),
        seconds=seconds, status=status or "–",
    )  # fmt: skip


def pause(visit: Visit) -> Iterator[Finding]:
    """Whether an upload survives ten seconds without a byte, as phones between two cells have."""
    if not visit.slow:
        return
    head = visit.stranger.head("POST", UPLOADS, "look", [("Content-Length", "2")])
    guest = visit.stranger.patient(60)
    with suppress(OSError):
        if guest.send([head, b"x", 10.0, b"x"], "POST").status < 400:
            yield ok("time.body", _("A body may pause for ten seconds."))
            return
    yield warn(
        "time.body",
        _("A body that pauses for ten seconds is cut off: phones do that between two cells."),
        _("Wait longer for what is being sent."),
        visit.change(
            nginx="client_body_timeout 60s;", apache="RequestReadTimeout body=60,MinRate=500"
        ),
    )


def unfinished(visit: Visit) -> Iterator[Finding]:
    """Whether a request that is never finished is cut off; a thousand of them hold all places."""
    if not visit.slow:
        return
    change = visit.change(
        nginx="client_header_timeout 60s;",
        apache="RequestReadTimeout header=20-40,MinRate=500 body=20,MinRate=500",
    )
    with closing(visit.stranger.patient(A_HEAD).connect()) as connection:
        connection.sendall(f"GET {PAGE} HTTP/1.1\r\nHost: {visit.stranger.netloc}\r\nX-A:".encode())
        try:
            connection.recv(1)
        except TimeoutError:
            yield warn(
                "time.head",
                _("A request that is never finished is waited for, for ever."),
                _("Put a server in front that cuts it off, or tell it to."),
                change,
            )
            return
        except OSError:
            pass
    yield ok("time.head", _("A request that is never finished is cut off."))


CHECKS = (quick, patient, pause, unfinished)
