"""What making and showing a passkey have in common: for which site, and how answers are read.

The library takes a quarter of a second to load, so it is imported where it is used.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import urlsplit

from flask import current_app, request
from flask_babel import gettext as _

from frontdesk.accounts import challenges
from frontdesk.accounts.challenges import Asked
from frontdesk.forms import Refused

TIMEOUT = int(challenges.LASTS.total_seconds() * 1000)
PORTS = {"http": 80, "https": 443}

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Party:
    """The site as passkeys know it, the "relying party": its name, and where its pages are."""

    id: str
    origin: str


def party() -> Party | None:
    """The site as PUBLIC_URL names it, or else this request; None where there are no passkeys.

    A passkey is bound to the name, and browsers make none for anybody who could be listened to.
    """
    with suppress(ValueError):  # a host that is none
        return party_at(str(current_app.config["PUBLIC_URL"] or request.host_url))
    return None


def party_at(root: str) -> Party | None:
    """The site at the address ``root``: with https or on localhost, and a name, not a number.

    :raise ValueError: if that is no address
    """
    parts = urlsplit(root)
    host = parts.hostname or ""
    is_local = host == "localhost" or host.endswith(".localhost")
    if not host or _is_number(host) or not (parts.scheme == "https" or is_local):
        return None
    is_usual = parts.port in {None, PORTS.get(parts.scheme)}
    return Party(host, f"{parts.scheme}://{host}{'' if is_usual else f':{parts.port}'}")


def the_party() -> Party:
    """:raise Refused: where there are no passkeys"""
    found = party()
    if found is None:
        raise Refused(why_none())
    return found


def why_none() -> str:
    """What is said where there are no passkeys."""
    return str(_("Passkeys need HTTPS, and an address with a name, not a number."))


def redeem(asked: Asked, client_data: bytes) -> bytes:
    """The challenge that was signed, and is used up now.

    :raise Refused: if nobody was asked it here, for this, in the last five minutes
    """
    from webauthn.helpers import parse_client_data_json as parse

    challenge = read(lambda: parse(client_data)).challenge
    if not challenges.redeem(asked, challenge):
        raise Refused(_("That took too long. Try again."))
    return challenge


def read(library: Callable[[], Found]) -> Found:
    """What the library makes of a stranger's bytes. Whatever it raises, they are no passkey.

    :raise Refused: then
    """
    try:
        return library()
    except Exception as error:
        current_app.logger.info("No passkey: %s", error)
        raise not_right() from None


def not_right() -> Refused:
    """What is said whatever is wrong."""
    return Refused(_("This passkey is not right here. Use another one, or your password."))


def _is_number(host: str) -> bool:
    with suppress(ValueError):
        return bool(ip_address(host))
    return False
