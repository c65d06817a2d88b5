"""No is an exception with a reason."""

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any


def _(words: str) -> str:
    """Marks words that a person may read; `Resumable(gettext=…)` translates them later."""
    return words


IANA = "https://iana.org/assignments/http-problem-types#"


class Refused(Exception):
    """Becomes an RFC 9457 problem: `status`, a sentence in `detail`, and more `members`."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        kind: str = "",
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail
        self.type = IANA + kind if kind else "about:blank"
        self.headers = dict(headers or {})
        self.members = {name.replace("_", "-"): value for name, value in members.items()}


def malformed(field: str) -> Refused:
    """A header that cannot be read."""
    return Refused(400, _("A header of the request cannot be read."), header=field)


def too_large(limit: int | None = None) -> Refused:
    """More than the site takes; RFC 9110 §15.5.14."""
    return Refused(413, _("The file is larger than this site takes."), max_size=limit)


def too_much() -> Refused:
    """More than the client said itself."""
    detail = _("More data came than the length that was announced.")
    return Refused(413, detail, kind="inconsistent-upload-length")


def inconsistent() -> Refused:
    """Lengths that contradict one another (IETF draft §4.1.3)."""
    detail = _("The lengths that were announced contradict one another.")
    return Refused(400, detail, kind="inconsistent-upload-length")


def missing() -> Refused:
    """Never was, or is somebody else's: the same answer."""
    return Refused(404, _("There is no such upload. It may have expired."))


def gone() -> Refused:
    """Expired."""
    return Refused(410, _("This upload has expired. Start it again."))


def full() -> Refused:
    """The disk, before it really is."""
    return Refused(507, _("There is no space left for this file. Ask the administrator."))


def busy() -> Refused:
    """Another connection holds the upload."""
    detail = _("Another connection is sending this upload.")
    return Refused(423, detail, headers={"Retry-After": "1"})


def crowded() -> Refused:
    """All places for receiving are taken."""
    detail = _("Too many uploads are running. Try again in a moment.")
    return Refused(503, detail, headers={"Retry-After": "5"})


def wrong_offset(expected: int, provided: int) -> Refused:
    """The client and we disagree where the upload stands (IETF draft §4.4.2; tus, core)."""
    return Refused(
        409,
        _("The upload stands elsewhere. Ask where, and go on from there."),
        kind="mismatching-upload-offset",
        headers={"Upload-Offset": str(expected)},
        expected_offset=expected,
        provided_offset=provided,
    )


def damaged(status: int) -> Refused:
    """A checksum that is not the one announced; nothing of it is kept."""
    return Refused(status, _("The data was damaged on its way. Send it again."))


def completed() -> Refused:
    """Nothing can be added to it (IETF draft §4.4.2)."""
    return Refused(400, _("This upload is complete already."), kind="completed-upload")


def sealed() -> Refused:
    """tus, concatenation: a whole made of parts takes no bytes of its own."""
    return Refused(403, _("This upload was put together from others."))


def not_joinable() -> Refused:
    """A part that is not whole, or no part."""
    return Refused(400, _("Only finished parts can be put together, each once."))


class Interrupted(Refused):
    """The body ended too early; what arrived is kept."""

    def __init__(self, status: int) -> None:
        detail = _("The transfer was interrupted. What arrived is kept; go on from there.")
        super().__init__(status, detail)


@contextmanager
def disk_limits() -> Iterator[None]:
    """A full disk is a 507; another failure of the disk stays an `OSError`."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise full() from error
        raise
