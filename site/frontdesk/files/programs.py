"""Files and folders as programs see them: JSON, sizes in bytes, times in UTC (RFC 3339)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from flask import Response, jsonify, url_for
from sqlalchemy import select

from frontdesk.db import db
from frontdesk.files import intake, listing, places
from frontdesk.files.models import Blob, File


def of_file(file: File, status: int = 200) -> Response:
    """A file; its ETag is that of its bytes, for ``If-Match`` when it is replaced."""
    more = {"created_at": _moment(file.created_at), "version": file.version}
    response = jsonify(intake.describe(file) | more)
    response.status_code = status
    response.headers["ETag"] = f'"{places.tag_of(file.blob)}"'
    return response


def of_folder(listed: listing.Listing, path: Sequence[str], key: str) -> Response:
    """A page of a folder, or of what a search finds below it; ``next`` leads on, or is null."""
    sums = _sums([row.id for row in listed.files])
    following = listing.address(*path) + listed.view.query(key=key, after=listed.after)
    return jsonify(
        path="/".join(path),
        folders=[_folder(place) for place in listed.folders],
        files=[_row(row, sums.get(row.id, "")) for row in listed.files],
        next=following if listed.after else None,
    )


def _folder(place: listing.FolderRow) -> dict[str, str]:
    url = f"{place.path.rstrip('/')}/"
    return {"name": place.name, "path": _path(url), "url": url}


def _row(row: listing.Row, sha256: str) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "name": row.name,
        "path": _path(row.path),
        "size": row.size,
        "type": row.media_type,
        "sha256": sha256,
        "url": url_for("files.download", file_id=row.id, filename=row.name),
        "created_at": _moment(row.created_at),
    }


def _path(address: str) -> str:
    """What an address in a list says: ``/path/a%20b`` is ``a b``."""
    return unquote(address.removeprefix("/path/")).rstrip("/")


def _sums(ids: Sequence[UUID]) -> dict[UUID, str]:
    found = select(File.id, Blob.sha256).join(File.blob).where(File.id.in_(ids))
    return {row.id: row.sha256 for row in db.session.execute(found)} if ids else {}


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
