"""/help and /accessibility - pages of words, in the same place for everybody."""

from __future__ import annotations

from werkzeug.wrappers import Response

from frontdesk.access import public
from frontdesk.hello.home import bp
from frontdesk.pages import page


@bp.get("/help")
@public
def help() -> Response:
    """How things are done here."""
    return page("hello/help.html", shared=True)


@bp.get("/accessibility")
@public
def accessibility() -> Response:
    """What the site does so that everybody can use it, and what it can't yet."""
    return page("hello/accessibility.html", shared=True)
