"""What comes back: whole and unchanged, in parts where asked, and never somebody else's."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from frontdesk.check.finding import Finding, Line, _, ok, warn, wrong
from frontdesk.check.fronts import NGINX
from frontdesk.check.probe import FILE as BYTES
from frontdesk.check.probe import FILE_TAG, PAUSE
from frontdesk.check.stranger import Answer
from frontdesk.check.visit import FILE, PAGE, PUT, Visit
from frontdesk.security import HEADERS

ZIPPED = [("Accept-Encoding", "gzip, deflate, br")]
TAG = f'"{FILE_TAG}"'
OWN = (403, 404, 413, 422, 429, 503, 507)


def unchanged(visit: Visit) -> Iterator[Finding]:
    """Whether a download is what was stored, with its length and its tag."""
    answer = visit.stranger.ask("GET", FILE, "file", headers=ZIPPED)
    if not answer.is_ours:
        return
    if encoding := answer.get("Content-Encoding"):
        yield _compressed(visit, encoding)
    elif answer.body != BYTES:
        yield wrong(
            "answer.bytes",
            _("A download is not what was stored: something on the way changes it."),
            _("Look for what filters answers on the way: a virus scanner, a firewall, a CDN."),
        )
    elif answer.get("Content-Length") != str(len(BYTES)) or answer.get("ETag") != TAG:
        yield wrong(
            "answer.bytes",
            _("Downloads lose their length or their tag: browsers show no progress."),
            _("Hand answers on as they are."),
            visit.change(nginx="gzip off;", apache="SetEnv no-gzip 1"),
        )
    else:
        yield ok("answer.bytes", _("Downloads arrive unchanged, with their length and tag."))


def _compressed(visit: Visit, encoding: str) -> Finding:
    return wrong(
        "answer.bytes",
        _("Downloads are compressed on the way (%(encoding)s): no length, no ranges, no progress."),
        _("Leave compression to the site, which does it for text."),
        visit.change(nginx="gzip off;", apache="SetEnv no-gzip 1"),
        encoding=encoding,
    )


def ranges(visit: Visit) -> Iterator[Finding]:
    """Whether a download can go on where it broke off, and a film be moved forward."""
    some = visit.stranger.ask("GET", FILE, "file", headers=[("Range", "bytes=1000-1999")])
    again = [("Range", "bytes=-1000"), ("If-Range", TAG)]
    last = visit.stranger.ask("GET", FILE, "file", headers=again)
    if not some.is_ours:
        return
    if _is_part(some, BYTES[1_000:2_000]) and _is_part(last, BYTES[-1_000:]):
        yield ok("answer.ranges", _("Downloads go on where they broke off."))
        return
    yield wrong(
        "answer.ranges",
        _("A part of a file was asked for, and %(status)s came: downloads begin again."),
        _("Hand Range and If-Range to the app."),
        _range_line(visit, some),
        status=some.status,
    )


def _range_line(visit: Visit, some: Answer) -> Line:
    """Where the app never heard of the range, the header is what is missing."""
    if visit.front.kind == NGINX and visit.front.part and visit.front.part.line_of("max_ranges"):
        return visit.change(nginx="max_ranges 1;")
    return visit.change(
        nginx="proxy_set_header Range $http_range;", apache="RequestHeader unset Range"
    )


def _is_part(answer: Answer, wanted: bytes) -> bool:
    return answer.status == 206 and answer.body == wanted


def conditional(visit: Visit) -> Iterator[Finding]:
    """Whether what a browser has already isn't sent again."""
    again = visit.stranger.ask("GET", FILE, "file", headers=[("If-None-Match", TAG), *ZIPPED])
    if again.status == 304:
        yield ok("answer.conditional", _("What a browser has already is not sent again."))
    elif again.is_ours:
        yield warn(
            "answer.conditional",
            _("What a browser has already is sent again."),
            _("Hand If-None-Match to the app."),
            visit.change(nginx="proxy_set_header If-None-Match $http_if_none_match;"),
        )


def private(visit: Visit) -> Iterator[Finding]:
    """Whether a second stranger gets what the first was told."""
    mark = secrets.token_hex(4)
    pages = [
        visit.stranger.ask_again("GET", f"{path}?{mark}", headers=[("Cookie", who)])
        for path in (PAGE, PUT)
        for who in ("who=one", "who=two")
    ]
    told = [page.facts["nonce"] for page in pages if page.is_ours]
    if len(set(told)) == len(told):
        yield ok("answer.private", _("What one visitor is shown is not kept for the next."))
        return
    yield wrong(
        "answer.private",
        _("A second visitor is shown the page of the first: a cache in front keeps private pages."),
        _("Keep nothing but what the site says may be kept."),
        visit.change(nginx="proxy_cache off;", apache="CacheDisable /"),
    )


def errors(visit: Visit) -> Iterator[Finding]:
    """Whether refusals keep the site's words: people and programs read in them what to do."""
    replaced = []
    for status in OWN:
        answer = visit.stranger.ask("GET", PAGE, f"status {status}")
        if not answer.is_ours or answer.status != status or b"nonce" not in answer.body:
            replaced.append(str(status))
    if not replaced:
        yield ok("answer.errors", _("The site’s own words come through where it refuses."))
        return
    yield wrong(
        "answer.errors",
        _("The front server puts its own page in place of the site’s: %(statuses)s."),
        _("Let the site’s answers through."),
        visit.change(nginx="proxy_intercept_errors off;", apache="ProxyErrorOverride Off"),
        statuses=", ".join(replaced),
    )


def headers(visit: Visit) -> Iterator[Finding]:
    """Whether what protects visitors arrives once, as the site said it."""
    wrongly = [
        name
        for name, value in HEADERS.items()
        if [" ".join(said.split()) for said in visit.first.all(name)] != [" ".join(value.split())]
    ]
    if not wrongly:
        yield ok("answer.headers", _("The headers that protect visitors arrive as they were sent."))
        return
    count = len(visit.first.all(wrongly[0]))
    said = _("Headers that protect visitors are doubled, changed or gone: %(names)s.")
    yield wrong(
        "answer.headers",
        said,
        _("The site sets them itself: take the line away in front."),
        _header_line(visit, wrongly[0], count),
        names=", ".join(wrongly),
    )


def _header_line(visit: Visit, name: str, count: int) -> Line:
    """The line that does it; behind a "#", since it is to go."""
    if count:
        return visit.change(nginx=f"# add_header {name} …;", apache=f"# Header always set {name} …")
    return visit.change(nginx=f"# proxy_hide_header {name};", apache=f"# Header unset {name}")


def streaming(visit: Visit) -> Iterator[Finding]:
    """Whether an answer goes out while it is made, as zips are."""
    answer = visit.stranger.ask("GET", FILE, "drip")
    if not answer.is_ours:
        return
    if answer.body != BYTES * 2:
        yield warn(
            "answer.streaming",
            _("An answer that is made while it is sent arrives cut off."),
            _("Look for what ends answers in front."),
            visit.change(nginx="proxy_read_timeout 120s;", apache="ProxyTimeout 120"),
        )
    elif answer.first < PAUSE * 0.8:
        yield ok("answer.streaming", _("Large answers go out while they are made."))
    else:
        yield warn(
            "answer.streaming",
            _("Answers are collected whole before the first byte goes out: a zip begins late."),
            _("Let answers through as they come."),
            visit.change(nginx="proxy_buffers 8 16k;"),
        )


CHECKS = (unchanged, ranges, conditional, private, errors, headers, streaming)
