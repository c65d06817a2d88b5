"""Devices on which somebody has logged in before: guessers elsewhere can't lock those out.

A signed cookie names the device and who has logged in there. It opens nothing: it only lets wrong
tries be counted for this device by itself. Source: OWASP, "Slow Down Online Guessing Attacks with
Device Cookies".
"""

from __future__ import annotations

import secrets
from typing import Any

from flask import after_this_request, current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from frontdesk.accounts.models import Member
from frontdesk.security import read_cookie, set_cookie

COOKIE = "device"
LASTS = 365 * 24 * 60 * 60  # seconds from the last log-in
MOST_PEOPLE = 5  # who share a device; the cookie must stay small


def name_for(member: Member | None) -> str:
    """What this device is counted under when ``member`` logs in here; empty if they never have."""
    device, people = _read()
    return device if member is not None and _mark(member) in people else ""


def remember(member: Member) -> None:
    """Let the answer to this request say that ``member`` has logged in on this device."""
    device, people = _read()
    others = [mark for mark in people if not mark.startswith(member.id.hex)]
    facts = [device or secrets.token_urlsafe(16), [*others, _mark(member)][-MOST_PEOPLE:]]
    value = str(_signer().dumps(facts))

    @after_this_request
    def tell(response: Response) -> Response:
        set_cookie(response, COOKIE, value, LASTS)
        return response


def _mark(member: Member) -> str:
    """Them, under this password: who knew an earlier one is a stranger here."""
    since = member.password_at.timestamp() if member.password_at else 0
    return f"{member.id.hex}.{since:.0f}"


def _read() -> tuple[str, list[str]]:
    try:
        device, people = _signer().loads(read_cookie(COOKIE), max_age=LASTS)
    except BadSignature:
        return "", []
    return device, people


def _signer() -> URLSafeTimedSerializer:
    config: dict[str, Any] = current_app.config
    keys = [*config["SECRET_KEY_FALLBACKS"], config["SECRET_KEY"]]  # the last one signs
    return URLSafeTimedSerializer(keys, salt="known device")
