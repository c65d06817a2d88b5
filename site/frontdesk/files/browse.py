"""/path/… - what a member keeps: folders, search, and each file's page."""

from __future__ import annotations

from flask import request
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.access import by_token
from frontdesk.files import counts, folders, listing, programs
from frontdesk.files.models import File, Folder
from frontdesk.files.places import send
from frontdesk.files.show import file_page
from frontdesk.files.upload import bp
from frontdesk.files.zip import send_folder
from frontdesk.pages import page, wants_json

LONGEST_KEY = 255


@bp.get("/path/", defaults={"subpath": ""})
@bp.get("/path/<path:subpath>")
@by_token
def browse(subpath: str) -> Response:
    """Show a folder, what a search finds below it, or a file.

    :raise 404: if nothing of the member's lies there
    """
    parts = [part for part in subpath.split("/") if part]
    found = folders.look_up(current_user.id, parts)
    if not isinstance(found, File):
        if request.args.get("zip"):
            return send_folder(found)
        return _folder(found, folders.path_of(found))
    if request.args.get("download"):
        return send(found.blob, found.name, found.media_type, download=True)
    if wants_json():
        return programs.of_file(found)
    return file_page(found, _crumbs(parts[:-1]))


def _folder(folder: Folder | None, path: list[str]) -> Response:
    key = request.args.get("key", "").strip()[:LONGEST_KEY]
    view = listing.View.of(request.args)
    listed = listing.search(folder, key, view) if key else listing.of_folder(folder, view)
    if wants_json():
        return programs.of_folder(listed, path, key)
    return page(
        "files/folder.html",
        key=key,
        listed=listed,
        counted=counts.said,
        inside=counts.said(folder.folders_in, folder.files_in) if folder else "",
        most=listing.MOST,
        here=folder.id if folder and path else None,
        name=path[-1] if path else "",
        crumbs=_crumbs(path[:-1]) if path else [],
        address=listing.address(*path),
        folder_path="/".join(path),
    )


def _crumbs(path: list[str]) -> list[tuple[str, str]]:
    """The folders on the way, as (name, address), without the outermost."""
    return [(name, listing.address(*path[: depth + 1])) for depth, name in enumerate(path)]
