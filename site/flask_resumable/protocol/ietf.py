"""Resumable Uploads for HTTP, draft-ietf-httpbis-resumable-upload-15 (2 November 2026).

Written from the working group's text as of -12 and the changes merged since (httpwg/http-extensions
pull requests 3463, 3466, 3475, 3491, 3493); section numbers are those of -12. Clients of the older
interop versions 3 to 8 (Upload-Complete) work too.
"""

from werkzeug.http import parse_options_header
from werkzeug.wrappers import Request

from ..errors import Refused, _, malformed
from . import fields, tus
from .commands import Piece, Wish

CONTENT_TYPE = "application/partial-upload"


def spoken(request: Request) -> bool:
    """§4.2.1: any upload that tells whether it is complete."""
    return "Upload-Complete" in request.headers


def direct(request: Request) -> bool:
    """No proxy in between, as far as one can see.

    nginx 1.22 takes a 104 for the final answer and what follows for its body, until the upstream
    connection closes: with kept upstream connections, never.
    """
    signs = ("Via", "Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP")
    closing = request.headers.get("Connection", "").lower() == "close"
    return not closing and not any(sign in request.headers for sign in signs)


def wish(request: Request) -> Wish:
    """From a POST to the collection (§4.2).

    :raise Refused: 400
    """
    piece_ = _piece(request, 0)
    return Wish(
        length=_known_length(piece_, request.content_length),
        metadata=_metadata(request),
        explicit=True,
        expected=tus.expected(request),
        piece=piece_,
    )


def piece(request: Request) -> Piece:
    """From a PATCH (§4.4).

    :raise Refused: 400; 415 for another media type.
    """
    offset = fields.number(request.headers.get("Upload-Offset"), "Upload-Offset")
    if offset is None:
        raise malformed("Upload-Offset")
    if request.mimetype not in (CONTENT_TYPE, tus.CONTENT_TYPE):  # the latter until draft -03
        raise Refused(415, _("Send the data as application/partial-upload."))
    return _piece(request, offset)


def _piece(request: Request, offset: int) -> Piece:
    get = request.headers.get
    complete = fields.boolean(get("Upload-Complete"), "Upload-Complete")
    return Piece(
        offset=offset,
        length=fields.number(get("Upload-Length"), "Upload-Length"),
        complete=bool(complete),
        checksum=fields.digest(get("Content-Digest"), "Content-Digest"),
        final=bool(complete),
    )


def _known_length(piece_: Piece, content_length: int | None) -> int | None:
    """§4.1.3: announced, or what a complete request carries."""
    if piece_.length is None and piece_.complete:
        return content_length
    return piece_.length


def _metadata(request: Request) -> dict[str, str]:
    """§4.2.1: the name from Content-Disposition, the type from Content-Type.

    tus-js-client tells them by tus' Upload-Metadata here too.
    """
    told = fields.metadata(request.headers.get("Upload-Metadata"))
    _kind, options = parse_options_header(request.headers.get("Content-Disposition"))
    found = {"filename": options.get("filename", ""), "filetype": request.mimetype}
    return told | {name: value for name, value in found.items() if value}
