"""Count wrong tries, exactly and across processes, and say no when there are too many.

Flask-Limiter counts requests; here only wrong tries count, so the row is raised before the
password is checked (parallel guesses can't slip through) and given back when it was right.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address

from flask import current_app
from flask_babel import ngettext
from sqlalchemy import delete, update

from frontdesk.accounts.models import Attempts
from frontdesk.db import db, insert, transaction
from frontdesk.forms import Refused
from frontdesk.watching import counts

LONGEST_IN_KEY = 150  # of a name


class TooManyTries(Refused):
    """``retry_after`` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        minutes = -(-retry_after // 60)
        super().__init__(
            ngettext(
                "Too many tries. Try again in %(num)s minute.",
                "Too many tries. Try again in %(num)s minutes.",
                minutes,
            ),
            status=429,
        )
        self.retry_after = retry_after


def network(address: str) -> str:
    """What one visitor can take addresses from: their IPv4 address, or the /64 of an IPv6 one."""
    try:
        found = ip_address(address)
    except ValueError:  # a socket without one
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))
    return str(found)


def limits_for(kind: str, name: str, address: str, device: str = "") -> dict[str, int]:
    """What :func:`count_try` may count a try by: of one ``kind``, such as "login" or "reset".

    ``name`` is whom it is about, whether or not there is such a person; empty where nobody is
    named, as with a secret in an address. ``device`` is from ``known_devices.name_for``: what
    comes from there is counted for it alone, so that nobody elsewhere can lock its owner out.
    """
    config, name, address = current_app.config, name[:LONGEST_IN_KEY], network(address)
    if device:
        return {f"{kind} device:{device}:{name}": config["LOGIN_TRIES"]}
    limits = {f"{kind}::{address}": config["LOGIN_TRIES_PER_ADDRESS"]}
    if name:  # it stands last: people write it, and could else write into another's count
        limits[f"{kind} both:{address}:{name}"] = config["LOGIN_TRIES"]
        limits[f"{kind} name:{name}"] = config["LOGIN_TRIES_PER_NAME"]
    return limits


def count_try(limits: Mapping[str, int]) -> None:
    """Count one try for each key of ``limits`` (key: tries allowed in LOGIN_WINDOW seconds).

    :raise TooManyTries: if one of them had as many already; then nothing is counted
    """
    since = _window()
    with transaction() as session:
        session.execute(delete(Attempts).where(Attempts.since < since))
        for key, allowed in limits.items():
            if _raise_count(key, since) > allowed:
                counts.add("too many", key.partition(":")[0].partition(" ")[0])
                raise TooManyTries(since + current_app.config["LOGIN_WINDOW"] - int(time.time()))


def forgive_try(limits: Mapping[str, int]) -> None:
    """Take the last try back: it was right."""
    with transaction() as session:
        session.execute(
            update(Attempts)
            .where(Attempts.key.in_(list(limits)), Attempts.since == _window(), Attempts.count > 0)
            .values(count=Attempts.count - 1)
        )


def _window() -> int:
    length: int = current_app.config["LOGIN_WINDOW"]
    return int(time.time()) // length * length


def _raise_count(key: str, since: int) -> int:
    statement = insert(Attempts).values(key=key, since=since, count=1)
    statement = statement.on_conflict_do_update(
        index_elements=["key", "since"], set_={"count": Attempts.count + 1}
    )
    return int(db.session.scalar(statement.returning(Attempts.count)) or 0)
