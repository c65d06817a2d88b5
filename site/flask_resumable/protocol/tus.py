"""tus 1.0.0: core, creation, creation-with-upload, creation-defer-length, termination, checksum,
checksum-trailer, expiration, concatenation (https://tus.io/protocols/resumable-upload)."""

from werkzeug.wrappers import Request

from ..errors import Refused, _, malformed
from . import fields
from .commands import Piece, Wish

VERSION = "1.0.0"
CONTENT_TYPE = "application/offset+octet-stream"
EXTENSIONS = (
    "creation,creation-with-upload,creation-defer-length,"
    "termination,checksum,expiration,concatenation"
)


def spoken(request: Request) -> bool:
    """The client says so; tus clients must, except in OPTIONS (core, Tus-Resumable).

    :raise Refused: 412 for a version that is not ours.
    """
    version = request.headers.get("Tus-Resumable")
    if version not in (None, VERSION):
        detail = _("This site speaks tus 1.0.0.")
        raise Refused(412, detail, headers={"Tus-Version": VERSION})
    return version is not None


def unspoken() -> Refused:
    """No protocol at all. Forms and links of other sites cannot send one: it stops CSRF, too."""
    detail = _("Say which protocol you speak: Tus-Resumable or Upload-Complete.")
    return Refused(412, detail, headers={"Tus-Version": VERSION})


def wish(request: Request) -> Wish:
    """From a POST to the collection.

    :raise Refused: 400; 415 for content of another type.
    """
    said = request.headers.get("Upload-Metadata", "")
    concat = request.headers.get("Upload-Concat", "").strip()
    metadata = fields.metadata(said)
    if concat.startswith("final;"):
        return Wish(metadata=metadata, said=said, parts=fields.parts(concat))
    if concat not in ("", "partial"):
        raise malformed("Upload-Concat")
    return Wish(
        length=_length(request),
        metadata=metadata,
        said=said,
        partial=concat == "partial",
        expected=expected(request),
        piece=_first_piece(request),
    )


def _length(request: Request) -> int | None:
    length = fields.number(request.headers.get("Upload-Length"), "Upload-Length")
    deferred = request.headers.get("Upload-Defer-Length")
    if deferred not in (None, "1") or (length is None) != (deferred == "1"):
        raise malformed("Upload-Length")
    return length


def _first_piece(request: Request) -> Piece | None:
    if request.mimetype == CONTENT_TYPE:
        return _piece(request, 0)
    if request.content_length or "chunked" in request.headers.get("Transfer-Encoding", ""):
        raise wrong_type()
    return None


def wrong_type() -> Refused:
    """Content that is no piece of an upload."""
    return Refused(415, _("Send the data as application/offset+octet-stream."))


def piece(request: Request) -> Piece:
    """From a PATCH.

    :raise Refused: 400
    """
    offset = fields.number(request.headers.get("Upload-Offset"), "Upload-Offset")
    if offset is None:
        raise malformed("Upload-Offset")
    return _piece(request, offset)


def _piece(request: Request, offset: int) -> Piece:
    get = request.headers.get
    trailer = "upload-checksum" in get("Trailer", "").lower()
    content = fields.digest(get("Content-Digest"), "Content-Digest")
    return Piece(
        offset=offset,
        length=fields.number(get("Upload-Length"), "Upload-Length"),
        checksum=fields.checksum(get("Upload-Checksum")) or content,
        trailer=trailer,
    )


def expected(request: Request) -> str:
    """The SHA-256 of the whole in hex, if the client announced it (RFC 9530 §3)."""
    found = fields.digest(request.headers.get("Repr-Digest"), "Repr-Digest")
    return found.value.hex() if found and found.algorithm == "sha256" else ""
