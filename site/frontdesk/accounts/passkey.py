"""/login/passkey and /proof/passkey - a passkey in place of the password, or after it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from flask import abort, current_app, jsonify, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.access import public, safe_next
from frontdesk.accounts import ceremonies, entering, passkeys, recognition, sessions
from frontdesk.accounts.challenges import LOGIN, PROOF, SECOND_STEP, Asked
from frontdesk.accounts.login import NAME_COOKIE, bp
from frontdesk.accounts.models import HalfLogin, Member
from frontdesk.forms import Refused
from frontdesk.security import set_cookie

Said = dict[str, Any]


@bp.post("/login/passkey/options")
@public
def passkey_options() -> Response:
    """What a stranger's passkey is to sign; after a password, only that member's passkeys."""
    half = _half(_said())
    asked = _asked(SECOND_STEP, half.member_id) if half else _asked(LOGIN)
    party, address = ceremonies.the_party(), request.remote_addr or ""
    return jsonify(recognition.options(party, asked, address))


@bp.post("/login/passkey")
@public
def passkey() -> Response:
    """Let in whose passkey has signed it; the answer says where one wanted to go."""
    said = _said()
    half = _half(said)
    if half:
        _recognise(_asked(SECOND_STEP, half.member_id), said)
        entering.complete(half, entering.PASSKEY)
        return _go_on(said, "hello.home")
    remember = said.get("remember") is True
    member = _recognise(_asked(LOGIN), said)
    entering.enter(member, remember, entering.PASSKEY)
    response = _go_on(said, "hello.home")
    name = member.username if remember else ""
    set_cookie(response, NAME_COOKIE, name, current_app.config["SESSION_REMEMBERED"])
    return response


@bp.post("/proof/passkey/options")
def proof_options() -> Response:
    """What a member's passkey is to sign, to show once more who they are."""
    party, address = ceremonies.the_party(), request.remote_addr or ""
    return jsonify(recognition.options(party, _asked(PROOF, current_user.id), address))


@bp.post("/proof/passkey")
def proof_by_passkey() -> Response:
    """A passkey shown is as good a proof as the password."""
    said = _said()
    _recognise(_asked(PROOF, current_user.id), said)
    sessions.prove()
    return _go_on(said, "profile.profile")


@bp.app_template_global()
def passkey_offer() -> dict[str, str] | None:
    """What ``accounts/_passkey.html`` offers on the page it stands on; None where it can't help."""
    party = ceremonies.party()
    if party is None or not _can_help():
        return None
    is_proof = request.endpoint == "accounts.proof"
    verify = "accounts.proof_by_passkey" if is_proof else "accounts.passkey"
    return {
        "origin": party.origin,
        "options": url_for("accounts.proof_options" if is_proof else "accounts.passkey_options"),
        "verify": url_for(verify),
        "half": "1" if request.endpoint == "accounts.second_step" else "",
        "primary": "",
        "button": _("Use a passkey") if _is_known() else _("Log in with a passkey"),
    }


def _is_known() -> bool:
    return request.endpoint in {"accounts.proof", "accounts.second_step"}


def _can_help() -> bool:
    """Strangers may have a passkey; of who is known already it is known."""
    if not _is_known():
        return True
    half = entering.half() if request.endpoint == "accounts.second_step" else None
    member_id = half.member_id if half else getattr(current_user, "id", None)
    return member_id is not None and bool(passkeys.of(member_id))


def _said() -> Said:
    """:raise 400: if the body is no JSON object"""
    said = None
    with suppress(RecursionError):
        said = request.get_json(silent=True)
    return said if isinstance(said, dict) else abort(400)


def _half(said: Said) -> HalfLogin | None:
    """The half log-in that the second step's page goes on from; None on the other pages.

    :raise Refused: if it is over
    """
    if not said.get("half"):
        return None
    found = entering.half()
    if found is None:
        raise Refused(_("That took too long. Begin again with your password."))
    return found


def _asked(kind: str, member_id: UUID | None = None) -> Asked:
    """On this device: its CSRF secret is what only its cookie holds."""
    return Asked(kind, member_id, str(session.get("csrf_token", "")))


def _recognise(asked: Asked, said: Said) -> Member:
    party, address = ceremonies.the_party(), request.remote_addr or ""
    return recognition.recognise(party, asked, said.get("credential"), address)


def _go_on(said: Said, otherwise: str) -> Response:
    target = said.get("next")
    onward = safe_next(target) if isinstance(target, str) else None
    return jsonify(location=onward or url_for(otherwise))
