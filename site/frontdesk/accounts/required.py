"""Who must have a second step and has none is led to set it up, before anything else.

REQUIRE_SECOND_STEP names roles. For the others this costs a look into a list.
"""

from __future__ import annotations

from flask import abort, current_app, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.access import PUBLIC_BY_NATURE, asks_first, asks_for_json, bearer
from frontdesk.accounts.entering import has_second_step
from frontdesk.accounts.second_steps import is_required

OPEN = PUBLIC_BY_NATURE | {"accounts.logout", "hello.language", "hello.theme"}
# With what lies below them: setting it up, and the proof that is asked for first.
OPEN_PLACES = ("/profile/two-factor", "/profile/passkeys", "/proof")


def is_missing() -> bool:
    """Whether who asks must have a second step, and has none."""
    if not current_user.is_authenticated or not is_required(current_user.role):
        return False
    return not has_second_step(current_user)


@asks_first
def _lead_to_set_up(endpoint: str) -> Response | None:
    """:raise 403: for a program, which can't be led anywhere"""
    if not current_app.config["REQUIRE_SECOND_STEP"] or _is_open(endpoint) or not is_missing():
        return None
    if bearer() is not None or asks_for_json() or request.blueprint == "resumable":
        abort(403, _("Your role requires a second step. Log in with a browser and set it up."))
    return redirect(url_for("profile.two_factor"), 303)


def _is_open(endpoint: str) -> bool:
    return endpoint in OPEN or any(
        request.path == place or request.path.startswith(f"{place}/") for place in OPEN_PLACES
    )
