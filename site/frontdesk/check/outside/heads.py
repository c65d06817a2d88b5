"""Heads of requests and answers: how long they may be, who is named, and what is given away."""

from __future__ import annotations

import re
from collections.abc import Iterator

from frontdesk.check.finding import Finding, _, ok, warn, wrong
from frontdesk.check.stranger import Answer
from frontdesk.check.visit import FILE, PAGE, Visit

LINE = 7_500  # a folder's path in Chinese takes nine characters a letter
FIELD = 7_500  # cookies, of which a browser may have a few
NOBODY = "nobody-knows-this-name.example"
LOCAL = re.compile(r"localhost|[\d.]+|.*:.*")


def request_size(visit: Visit) -> Iterator[Finding]:
    """Whether long addresses and cookies get through."""
    line = visit.stranger.ask("GET", f"{PAGE}?{'a' * LINE}")
    field = visit.stranger.ask("GET", PAGE, headers=[("Cookie", f"a={'b' * FIELD}")])
    if _got(line, "query") >= LINE and _got(field, "cookie") >= FIELD:
        yield ok("head.request", _("Long addresses and cookies get through."))
        return
    yield wrong(
        "head.request",
        _("Addresses or cookies of %(size)s bytes are refused: deep folders can’t be opened."),
        _("Make room for long heads."),
        visit.change(
            nginx="large_client_header_buffers 4 16k;",
            apache="LimitRequestLine 16380" if not line.is_ours else "LimitRequestFieldSize 16380",
            gunicorn="limit_request_line = 8190",
            uwsgi="buffer-size = 32768",
        ),
        size=LINE,
    )


def _got(answer: Answer, what: str) -> int:
    return int(answer.facts["saw"][what]) if answer.is_ours else 0


def answer_size(visit: Visit) -> Iterator[Finding]:
    """Whether an answer gets out whose head is as long as the site's may be."""
    answer = visit.stranger.ask("GET", PAGE, "cookie")
    if answer.is_ours and len(answer.get("Set-Cookie")) > 4_000:
        yield ok("head.answer", _("Answers with long heads get out."))
        return
    yield wrong(
        "head.answer",
        _("An answer with a cookie of 4 KB doesn’t get out; it becomes %(status)s."),
        _("Make room for the heads of answers."),
        visit.change(nginx="proxy_buffer_size 16k;", apache="ProxyPass … responsefieldsize=16384"),
        status=answer.status,
    )


def head(visit: Visit) -> Iterator[Finding]:
    """Whether HEAD says what GET would: programs ask for a size that way."""
    got, headed = (visit.stranger.ask(method, FILE, "file") for method in ("GET", "HEAD"))
    if not headed.is_ours or not got.is_ours or not got.get("Content-Length"):
        return  # the method is what is wrong, or lengths are; both are said
    if headed.get("Content-Length") == got.get("Content-Length") and not headed.body:
        yield ok("head.head", _("HEAD tells the size that GET brings."))
        return
    yield wrong(
        "head.head",
        _("HEAD tells another size than GET brings: %(head)s, not %(get)s."),
        _("Hand HEAD to the app as it is."),
        visit.change(nginx="proxy_cache_convert_head off;"),
        head=headed.get("Content-Length") or "–", get=got.get("Content-Length"),
    )  # fmt: skip


def unknown_host(visit: Visit) -> Iterator[Finding]:
    """Whether somebody who names another host is sent away: links would be made of that name."""
    name = visit.stranger.name
    if LOCAL.fullmatch(name) or not visit.saw["host"].startswith(name):
        return  # there is no name to keep to, or the site doesn't hear it, which is said
    answer = _quiet(visit, NOBODY)
    if answer is None or not answer.is_ours or not answer.facts["saw"]["known"]:
        yield ok("host.unknown", _("Who asks for another name doesn’t get to the site."))
        return
    yield warn(
        "host.unknown",
        _("The site answers to any name that somebody puts into Host."),
        _("Name its host."),
        visit.house.setting("TRUSTED_HOSTS", [visit.stranger.name]),
    )


def _quiet(visit: Visit, host: str) -> Answer | None:
    """What is said to who asks for ``host``; None where the line is just closed, as nginx's 444."""
    try:
        return visit.stranger.ask("GET", PAGE, headers=[("Host", host)])
    except OSError:
        return None


def versions(visit: Visit) -> Iterator[Finding]:
    """Whether strangers read which version runs, and look up what is wrong with it."""
    told = [visit.first.get("Server"), visit.first.get("X-Powered-By")]
    try:
        broken = visit.stranger.send([b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"])
        told.append(broken.get("Server"))
    except OSError:
        pass
    numbered = next((said for said in told if re.search(r"\d", said)), "")
    if not numbered:
        yield ok("head.versions", _("No answer names a version."))
        return
    yield warn(
        "head.versions",
        _("Answers name a version: %(version)s."),
        _("Keep it to yourself."),
        visit.change(nginx="server_tokens off;", apache="ServerTokens Prod"),
        version=numbered,
    )


CHECKS = (request_size, answer_size, head, unknown_host, versions)
