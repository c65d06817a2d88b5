"""The set-up from outside: all that a stranger can find out, at the same time, in a few seconds."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

from frontdesk.check import key
from frontdesk.check.finding import NO_LINE, Finding, _, ok, wrong
from frontdesk.check.outside import answers, bodies, heads, server, statics, times, tls, trust
from frontdesk.check.stranger import Answer, come
from frontdesk.check.visit import PAGE, House, Visit, front_of

AT_ONCE = 8
SUBJECTS = (tls, trust, bodies, heads, answers, statics, times, server)
Check = Callable[[Visit], Iterator[Finding]]


class Way(NamedTuple):
    """How to get there: ``connect`` in place of what the name leads to; ``plain_port`` of http."""

    url: str
    connect: str = ""
    plain_port: int | None = None
    insecure: bool = False
    slow: bool = False


class NotThere(Exception):
    """Nobody there, or somebody else; and what to do about that."""

    def __init__(self, said: str, todo: str, **facts: object) -> None:
        super().__init__(said)
        self.finding = wrong("reach", said, todo, NO_LINE, **facts)


def look(way: Way, secret_key: str, house: House) -> list[Finding]:
    """All findings, in the order of :data:`SUBJECTS`; only one if the site isn't there."""
    try:
        visit = _arrive(way, secret_key, house)
    except NotThere as no:
        return [no.finding]
    checks = [check for subject in SUBJECTS for check in subject.CHECKS]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(lambda check: _run(check, visit), checks))
    here = ok("reach", _("The site answers at %(url)s."), url=way.url)
    return [here, *(finding for some in found for finding in some)]


def _run(check: Check, visit: Visit) -> list[Finding]:
    """One that can't be done, as where a connection breaks, is one that isn't well."""
    try:
        return list(check(visit))
    except OSError as error:
        said = _("The connection broke off while %(check)s was looked at: %(why)s.")
        todo = _("Look into the front server’s log.")
        return [wrong("broken", said, todo, check=check.__name__, why=_plain(error))]
    except Exception as error:  # an answer that nobody has thought of: the others must be heard
        said, why = _("%(check)s can’t be looked at: %(why)s."), f"{type(error).__name__}: {error}"
        return [wrong("broken", said, _("Look into the log."), check=check.__name__, why=why)]


def _arrive(way: Way, secret_key: str, house: House) -> Visit:
    """:raise NotThere: if the site doesn't answer there itself"""
    word = key.make(secret_key, 300 if way.slow else key.SECONDS)
    try:
        stranger = come(way.url, secret_key, word, way.connect)
        untrusted = tls.why_untrusted(stranger) if stranger.scheme == "https" else ""
        stranger = replace(stranger, verify=not untrusted)
        first = stranger.ask("GET", PAGE)
    except ssl.SSLError as error:
        said = _("%(url)s doesn’t speak TLS: %(why)s.")
        raise NotThere(
            said, _("Ask by http, or set TLS up."), url=way.url, why=_plain(error)
        ) from error
    except (OSError, ValueError) as error:
        said = _("Nobody answers at %(url)s: %(why)s.")
        todo = _("Start the site, or name its address with --url, and look at the name’s entry.")
        raise NotThere(said, todo, url=way.url, why=_plain(error)) from error
    if not first.is_ours:
        raise _elsewhere(way, first)
    port = 80 if way.plain_port is None and stranger.port == 443 else way.plain_port or 0
    front = front_of(stranger, first)
    return Visit(stranger, house, front, first, port, way.insecure, way.slow, untrusted)


def _elsewhere(way: Way, first: Answer) -> NotThere:
    if first.status in {502, 503, 504}:
        said = _("The front server at %(url)s doesn’t reach the app: %(status)s.")
        todo = _("Start the app, and see that the front server hands on to where it listens.")
        return NotThere(said, todo, url=way.url, status=first.status)
    said = _("What answers at %(url)s (%(status)s) is not this site, or has another SECRET_KEY.")
    todo = _("Run the command as the site’s user, with its settings; or name another address.")
    return NotThere(said, todo, url=way.url, status=first.status)


def _plain(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or getattr(error, "reason", None) or error)
