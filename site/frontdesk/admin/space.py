"""/admin/space - what the house keeps: in all, by person, the biggest files, the bins."""

from __future__ import annotations

from dataclasses import replace

from flask import request
from werkzeug.wrappers import Response

from frontdesk.access import admin_only
from frontdesk.admin import proven
from frontdesk.admin.overview import bp
from frontdesk.files import capacity, figures
from frontdesk.files import service as files
from frontdesk.files.paging import View
from frontdesk.pages import page


@bp.get("/space")
@admin_only
def space() -> Response:
    """Show how much room there is, and who and what takes it."""
    found = figures.people(replace(View.of(request.args), sort="name"))
    return page(
        "admin/space.html",
        free=files.storage().free(),
        held=capacity.held(),
        total=capacity.total(),
        proofs=(proven.files(), proven.last_backup()),
        bins=figures.in_bins(),
        people=[(row, files.space_of(row)) for row in found.lines["p"]],
        before=found.before,
        after=found.after,
        biggest=figures.biggest(),
    )
