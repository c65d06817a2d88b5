"""What an upload's state looks like in headers: both protocols' at once, for they do not
collide."""

from typing import Any

from werkzeug.http import http_date

from ..upload import Upload
from . import ietf, tus


def options(max_size: int | None, trailers: bool) -> dict[str, str]:
    """tus, core, OPTIONS; IETF draft §4.1.4."""
    found = {
        "Tus-Resumable": tus.VERSION,
        "Tus-Version": tus.VERSION,
        "Tus-Extension": tus.EXTENSIONS + (",checksum-trailer" if trailers else ""),
        "Tus-Checksum-Algorithm": "sha1,sha256",
        "Accept-Patch": f"{ietf.CONTENT_TYPE}, {tus.CONTENT_TYPE}",
        "Upload-Limit": limit(max_size),
    }
    if max_size is not None:
        found["Tus-Max-Size"] = str(max_size)
    return found


def limit(max_size: int | None, upload: Upload | None = None) -> str:
    """`Upload-Limit`, IETF draft §4.1.4; `min-size=0` when there is nothing else to say."""
    found = [] if max_size is None else [f"max-size={max_size}"]
    if upload is not None and upload.expires:
        found.append(f"max-age={upload.seconds_left}")
    return ", ".join(found) or "min-size=0"


def state(upload: Upload, max_size: int | None) -> dict[str, str]:
    """After each request to an upload."""
    found = {
        "Tus-Resumable": tus.VERSION,
        "Upload-Offset": str(upload.shown),
        "Upload-Complete": "?1" if upload.finished else "?0",
        "Upload-Limit": limit(max_size, upload),
        "Cache-Control": "no-store",
    }
    if upload.expires and not upload.finished:
        found["Upload-Expires"] = http_date(upload.expires)
    return found


def facts(upload: Upload, max_size: int | None) -> dict[str, str]:
    """The state and what was said at creation: tus, core, HEAD."""
    found = state(upload, max_size)
    if upload.length is None:
        found["Upload-Defer-Length"] = "1"
    else:
        found["Upload-Length"] = str(upload.length)
    if upload.said:
        found["Upload-Metadata"] = upload.said
    if upload.partial:
        found["Upload-Concat"] = "partial"
    return found | ({"Upload-Concat": "final;" + " ".join(upload.parts)} if upload.parts else {})


def body(upload: Upload) -> dict[str, Any]:
    """For clients behind a proxy that blocks HEAD or drops headers."""
    return {
        "id": str(upload.id),
        "offset": upload.shown,
        "length": upload.length,
        "finished": upload.finished,
        "expires": upload.expires or None,
        "sha256": upload.sha256 if upload.finished else None,
        "result": upload.note.get("result") if upload.finished else None,
    }
