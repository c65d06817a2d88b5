"""A file that is the whole body of a request: straight to the disk that it stays on."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn, cast

from flask import abort, current_app, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.exceptions import ServiceUnavailable

from flask_resumable.receiving import MIB, Body, Stalled, Stopped
from frontdesk.files import coming, service
from frontdesk.files.parts import Intake
from frontdesk.files.receive import LONGEST_WAIT, UPLOADS, Request
from frontdesk.storage import Staged

DIGEST = re.compile(r"\s*sha-256\s*=\s*:([A-Za-z0-9+/]{43}=):\s*(?:;.*)?", re.ASCII)


@contextmanager
def received() -> Iterator[Staged]:
    """This request's body in storage, gone at the end unless it was kept; it may be ``refused``.

    :raise 400: if it was cut off, or isn't what its digest says; nothing of it stays
    :raise 408: if next to nothing comes
    :raise 415: if it is encoded: its bytes would not be the file's
    :raise 503: if too many others are sending just now
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        abort(415, _("Send the file as it is, without a Content-Encoding."))
    intake = _intake()
    if not UPLOADS.acquire(timeout=LONGEST_WAIT):
        raise ServiceUnavailable
    try:
        staged = intake.begin()
        with cast(Request, request).open_stream() as body:
            _take(body, intake, staged)
        _check_digests(staged)
        yield staged
    finally:
        intake.close()
        UPLOADS.release()


def _intake() -> Intake:
    room = service.space(current_user.id).left
    most = current_app.config["MAX_FILE_SIZE"]
    return coming.begin(Intake(service.storage(), most, room, service.kept_free()))


def _take(body: Body, intake: Intake, staged: Staged) -> None:
    """:raise 400: if the body ends before its end. :raise 408: if next to nothing comes"""
    if body.left:  # a length that breaks a limit is refused before the first byte
        staged.refused = intake.refusal(body.left, body.left)
    size = min(MIB, body.left or MIB)
    block, other = memoryview(bytearray(size)), memoryview(bytearray(size))
    try:
        while not staged.refused and (count := _fill(body, block)):
            intake.write(staged, block[:count])
            block, other = other, block  # this one is still being hashed
    except Stopped as stopped:
        body.abandon()
        _say_why(stopped)


def _say_why(stopped: Stopped) -> NoReturn:
    if isinstance(stopped, Stalled):
        abort(408, _("Next to nothing came for half a minute. Nothing was kept: send it again."))
    abort(400, _("The connection broke off. Nothing was kept: send it again."))


def _fill(body: Body, block: memoryview) -> int:
    """As many bytes as fit, for many small writes cost more; fewer only at the end."""
    count = 0
    while count < len(block) and (more := body.readinto(block[count:])):
        count += more
    return count


def _check_digests(staged: Staged) -> None:
    """:raise 400: if ``Repr-Digest`` or ``Content-Digest`` says another SHA-256 (RFC 9530)"""
    for name in ("Repr-Digest", "Content-Digest"):
        for digest in request.headers.get(name, "").split(","):
            found = DIGEST.fullmatch(digest)
            if found and not staged.refused and _hex(found[1]) != staged.sha256:
                abort(
                    400, _("These are other bytes than %(name)s says. Send them again.", name=name)
                )


def _hex(digest: str) -> str:
    return base64.b64decode(digest).hex()
