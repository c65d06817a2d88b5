"""PUT and DELETE on /path/… - what a program stores at an address, and takes away (RFC 9110 §9.3).

A program shows a token; a script of our own pages the header ``X-CSRFToken``. Nothing is lost:
what was there before is an earlier version, and what is deleted lies in the bin.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from flask import Response, abort, request
from flask_babel import gettext as _
from flask_login import current_user

from frontdesk.access import by_token
from frontdesk.files import arrivals, body, deleting, folders, names, places, programs, service
from frontdesk.files.models import File, Folder
from frontdesk.files.upload import bp
from frontdesk.security import csrf
from frontdesk.watching import counts


@bp.put("/path/", defaults={"subpath": ""})
@bp.put("/path/<path:subpath>")
@by_token
@csrf.exempt  # it asks for the header itself, as the body is no form
def put(subpath: str) -> Response:
    """Store the body at this address: 201 for a new file, 200 for another version of one.

    :raise 400: if it is cut off, a part of something, or not what its digest says
    :raise 409: if a folder is there. :raise 412: if ``If-Match`` or ``If-None-Match`` says so
    :raise 413: if it is too large. :raise 422: if it is empty. :raise 507: if the disk is full
    """
    csrf.protect_by_header()
    if "Content-Range" in request.headers:  # RFC 9110 §14.5
        abort(400, _("Send the whole file: a part of it can not be put. For parts there is tus."))
    path, name = _target(subpath)
    allow = partial(_check_target, path, name)
    allow()
    with counts.taking_in("PUT"), body.received() as staged:
        arrival = arrivals.take_in(current_user.id, path, name, staged, "version", allow)
    counts.took_in("PUT", arrival.file.size)
    response = programs.of_file(arrival.file, 201 if arrival.came == "new" else 200)
    response.headers["Location"] = places.place_of(arrival.file)
    return response


@bp.delete("/path/", defaults={"subpath": ""})
@bp.delete("/path/<path:subpath>")
@by_token
@csrf.exempt
def delete_at(subpath: str) -> Response:
    """Move what lies here to the bin, a folder with all that is in it; twice is 404.

    :raise 404: if nothing does. :raise 412: if ``If-Match`` names another version
    """
    csrf.protect_by_header()
    parts = [part for part in subpath.split("/") if part]
    found = folders.look_up(current_user.id, parts) if parts else None
    if found is None:
        abort(409, _("The outermost folder stays. Delete what is in it."))
    _check_preconditions(found)
    if isinstance(found, Folder):
        deleting.delete_folder(found)
    else:
        service.delete(found)
    return Response(status=204)


def _target(subpath: str) -> tuple[list[str], str]:
    """The folders on the way, and the file's name as it will be kept.

    :raise 409: if there is no name. :raise 422: for ``..``, which clients resolve themselves, and
        for what is too deep: kept higher up, two addresses would be one file
    """
    *way, name = subpath.split("/")
    if {".", ".."} & {*way, name}:
        abort(422, _("Write the address without “.” and “..”."))
    if not name:
        abort(409, _("This is a folder’s address. Put the file’s name behind it."))
    if len(list(filter(None, way))) > names.DEEPEST:
        most = names.DEEPEST
        abort(422, _("A file lies at most %(most)s folders deep. Choose another.", most=most))
    return names.folder_parts("/".join(way)), names.clean(name)


def _check_target(path: Sequence[str], name: str) -> None:
    """:raise 409: if a folder is there. :raise 412: if another version is than was expected"""
    if folders.at(current_user.id, [*path, name]):
        abort(409, _("“%(name)s” is a folder. Choose another name.", name=name))
    _check_preconditions(folders.file_in(folders.at(current_user.id, path), name))


def _check_preconditions(there: File | Folder | None) -> None:
    """RFC 9110 §13.1.1 and §13.1.2. :raise 412: if they don't hold"""
    tag = places.tag_of(there.blob) if isinstance(there, File) else ""
    held = True
    if "If-Match" in request.headers:
        held = there is not None and request.if_match.contains(tag)
    if "If-None-Match" in request.headers:
        known = request.if_none_match.contains_weak(tag)
        held = held and (there is None or not known)
    if not held:
        abort(412, _("It has changed meanwhile. Look at it again, then decide."))
