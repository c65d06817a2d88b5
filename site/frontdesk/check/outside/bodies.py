"""What may be sent: which methods, how large, and whether slow senders hold the app."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from frontdesk.check.finding import Finding, Line, _, ok, warn, wrong
from frontdesk.check.fronts import NGINX
from frontdesk.check.visit import FILE, FORM, PAGE, PUT, UPLOAD, UPLOADS, Visit

MB = 1024 * 1024
USUAL, MOST = 8 * MB, 32 * MB  # a chunk of the upload page
SENT = 2 * MB
SIZES = (64 * 1024, 512 * 1024, MB - 1, 2 * MB, 4 * MB, 8 * MB, 16 * MB, 32 * MB, 64 * MB, 128 * MB)
LARGE_SIZES = (256 * MB, 512 * MB, 1024 * MB - 1, 2048 * MB - 1, 4096 * MB, 8192 * MB)
TOO_LARGE = 413
HELD_BACK = 0.35  # seconds; the sender paused for twice that
PAUSE = 0.7
WAYS = (
    *(("GET", PAGE), ("HEAD", FILE), ("HEAD", UPLOAD), ("POST", UPLOADS), ("PATCH", UPLOAD)),
    *(("OPTIONS", UPLOADS), ("DELETE", UPLOAD), ("PUT", PUT), ("POST", FORM)),
)


def methods(visit: Visit) -> Iterator[Finding]:
    """Whether each method gets to the app where it is needed."""
    stopped = []
    for method, path in WAYS:
        answer = visit.stranger.ask(method, path)
        came = answer.get("Frontdesk-Probe-Method").replace("GET", method)  # caches ask for all
        if not answer.is_ours or came != method:
            stopped.append(method)
    if not stopped:
        yield ok("methods", _("All methods get through, PATCH, PUT and HEAD too."))
        return
    every = "GET HEAD POST PUT PATCH DELETE OPTIONS"
    yield wrong(
        "methods",
        _("The front server stops %(methods)s: resumable uploads need POST, PATCH and HEAD."),
        _("Let these methods through."),
        visit.change(nginx=f"limit_except {every} {{ deny all; }}", apache=f"AllowMethods {every}"),
        methods=", ".join(dict.fromkeys(stopped)),
    )


def _limit(visit: Visit, method: str, path: str, wanted: int, *headers: tuple[str, str]) -> int:
    """The largest body that is not refused at once, up to ``wanted``."""
    if visit.stranger.announce(method, path, wanted, headers) != TOO_LARGE:
        return wanted
    sizes = [size for size in (*SIZES, *LARGE_SIZES) if size < wanted]
    low, high = 0, len(sizes)
    while low < high:
        middle = (low + high) // 2
        if visit.stranger.announce(method, path, sizes[middle], headers) == TOO_LARGE:
            high = middle
        else:
            low = middle + 1
    return sizes[low - 1] if low else 0


def chunks(visit: Visit) -> Iterator[Finding]:
    """How much may go up at once: a large file goes up in such pieces."""
    most = _limit(visit, "PATCH", UPLOAD, MOST)
    change = visit.change(
        UPLOADS, nginx="client_max_body_size 33m;", apache="LimitRequestBody 34603008"
    )
    if most >= MOST:
        yield ok("body.chunk", _("Uploads may go up in pieces of %(size)s."), size=_mb(MOST))
        return
    say = wrong if most < USUAL else warn
    yield say(
        "body.chunk",
        _("A piece of an upload that has more than about %(size)s is refused."),
        _("Let %(wanted)s through, so that uploads are quick and other programs can send."),
        change,
        size=_mb(most), wanted=_mb(MOST),
    )  # fmt: skip


def forms(visit: Visit) -> Iterator[Finding]:
    """How large a file may be that comes as one body: by a form without JavaScript, or by PUT."""
    wanted = visit.house.max_file_size
    kind = ("Content-Type", "multipart/form-data; boundary=x")
    form, put = _limit(visit, "POST", FORM, wanted, kind), _limit(visit, "PUT", PUT, wanted)
    if min(form, put) >= wanted:
        yield ok("body.form", _("Forms and PUT may bring %(size)s."), size=_mb(wanted))
        return
    yield warn(
        "body.form",
        _("Without JavaScript a form may bring about %(form)s, and PUT %(put)s, not %(wanted)s."),
        _("Let whole files through at /upload and /path/."),
        visit.change(
            FORM if form < wanted else "/path/",
            nginx="client_max_body_size 0;",
            apache="LimitRequestBody 0",
        ),
        form=_mb(form), put=_mb(put), wanted=_mb(wanted),
    )  # fmt: skip


def whole(visit: Visit) -> Iterator[Finding]:
    """Whether what is sent arrives as it was sent."""
    sent = bytes(range(256)) * (SENT // 256)
    if _limit(visit, "PATCH", UPLOAD, SENT) < SENT:
        return  # the size is what is wrong, and said
    answer = visit.stranger.ask("PATCH", UPLOAD, body=sent)
    if not answer.is_ours:
        return  # the method is what is wrong, and said
    body = answer.facts["body"]
    if body["sha256"] == hashlib.sha256(sent).hexdigest():
        yield ok("body.whole", _("What is sent arrives as it was sent."))
        return
    yield wrong(
        "body.whole",
        _("Of %(sent)s bytes that were sent %(got)s arrived, or they were changed on the way."),
        _("Look for what filters bodies on the way: an antivirus, a firewall, a CDN."),
        sent=len(sent), got=body["got"],
    )  # fmt: skip


def chunked(visit: Visit) -> Iterator[Finding]:
    """Whether a body of unknown length arrives: `curl -T -` sends such."""
    head = visit.stranger.head("PUT", PUT, "look", [("Transfer-Encoding", "chunked")])
    answer = visit.stranger.send([head, b"5\r\nhello\r\n0\r\n\r\n"], "PUT")
    if answer.is_ours and answer.facts["body"]["got"] == 5:
        yield ok("body.chunked", _("Bodies of unknown length arrive."))
    elif answer.is_ours or answer.status in {411, 501}:
        yield warn(
            "body.chunked",
            _("A body of unknown length doesn’t arrive: programs that stream can’t send."),
            _("Let the front server hold bodies back until they are whole."),
            visit.change(nginx="proxy_request_buffering on;", uwsgi="http-chunked-input = true"),
        )


def buffering(visit: Visit) -> Iterator[Finding]:
    """Whether somebody who sends slowly holds a thread of the app, or only a place in front."""
    head = visit.stranger.head("POST", UPLOADS, "look", [("Content-Length", "2000")])
    answer = visit.stranger.send([head, b"x", PAUSE, b"x" * 1_999], "POST")
    if not answer.is_ours:
        return
    if answer.facts["body"]["waited"] < HELD_BACK:
        yield ok("body.buffering", _("The front server takes what comes slowly, not the app."))
    elif visit.front.kind == NGINX:
        yield wrong(
            "body.buffering",
            _("Each byte goes to the app as it comes: forty slow senders stop the site."),
            _("Let nginx hold bodies back until they are whole."),
            visit.change(UPLOADS, nginx="proxy_request_buffering on;"),
        )
    else:
        yield _streamed(visit)


def _streamed(visit: Visit) -> Finding:
    if visit.house.min_upload_rate:
        said = _("Bodies are streamed; the app itself ends those that are too slow.")
        return ok("body.buffering", said)
    change: Line = visit.house.setting("MIN_UPLOAD_RATE", 1_024)
    said = _("Bodies are streamed, and nobody ends those that are too slow.")
    return wrong("body.buffering", said, _("Set a least rate."), change)


def _mb(size: int) -> str:
    """As the page of sizes says it, roughly: 1 MB for a limit that lies there."""
    steps = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "KB"), (1, "B")]
    unit, name = next((one for one in steps if size >= one[0]), steps[-1])
    return f"{size / unit:.3g} {name}"


CHECKS = (methods, chunks, forms, whole, chunked, buffering)
