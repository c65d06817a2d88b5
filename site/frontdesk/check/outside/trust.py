"""Whom the site believes: what strangers say of themselves must count for nothing."""

from __future__ import annotations

from collections.abc import Iterator

from frontdesk.check.finding import Finding, Line, _, ok, wrong
from frontdesk.check.stranger import NEAR, OWN_NEAR, Answer
from frontdesk.check.visit import PAGE, Visit

MADE_UP, UNDERSCORED = "203.0.113.77", "203.0.113.78"
OTHER_HOST, PREFIX = "made-up.example", "/made-up"
ALONE = _("Nothing stands in front, so believe nobody.")
TAKEN_FOR = _("You come by %(real)s, and the site takes it for %(seen)s: cookies and links break.")
PORTS = {"http": ":80", "https": ":443"}


def scheme(visit: Visit) -> Iterator[Finding]:
    """Whether the site knows that it is https, and can't be told otherwise."""
    real, seen = visit.stranger.scheme, visit.saw["scheme"]
    other = "http" if real == "https" else "https"
    told = visit.stranger.ask("GET", PAGE, headers=[("X-Forwarded-Proto", other)])
    line = visit.change(
        nginx="proxy_set_header X-Forwarded-Proto $scheme;",
        apache=f'RequestHeader set X-Forwarded-Proto "{real}"',
    )
    if told.is_ours and seen == real and told.facts["saw"]["scheme"] == other:
        yield wrong(
            "trust.scheme",
            _("Anybody can tell the site that it is %(other)s: X-Forwarded-Proto is believed."),
            _("Let the front server set X-Forwarded-Proto itself.") if visit.is_proxied else ALONE,
            line if visit.is_proxied else visit.house.setting("TRUSTED_PROXIES", 0),
            other=other,
        )
    elif seen == real:
        yield ok("trust.scheme", _("The site knows that it is %(scheme)s."), scheme=real)
    elif visit.saw["headers"].get("x_forwarded_proto", "").endswith(real):
        yield wrong(
            "trust.scheme",
            TAKEN_FOR,
            _("Believe the front server."),
            visit.house.setting("TRUSTED_PROXIES", hops(visit.first)),
            real=real, seen=seen,
        )  # fmt: skip
    else:
        yield wrong(
            "trust.scheme",
            TAKEN_FOR,
            _("Let the front server say so, and set TRUSTED_PROXIES to 1."),
            line,
            real=real, seen=seen,
        )  # fmt: skip


def host(visit: Visit) -> Iterator[Finding]:
    """Whether the site knows by which name it was asked."""
    real, seen = visit.stranger.netloc, visit.saw["host"]
    told = visit.stranger.ask("GET", PAGE, headers=[("X-Forwarded-Host", OTHER_HOST)])
    if told.is_ours and told.facts["saw"]["host"] == OTHER_HOST:
        yield wrong(
            "trust.host",
            _("Anybody can tell the site another host name: X-Forwarded-Host is believed."),
            _("Let the front server set X-Forwarded-Host itself.") if visit.is_proxied else ALONE,
            visit.change(
                nginx=f"proxy_set_header X-Forwarded-Host {_host_variable(visit)};",
                apache="RequestHeader unset X-Forwarded-Host early",
            )
            if visit.is_proxied
            else visit.house.setting("TRUSTED_PROXIES", 0),
        )
    elif _bare(visit, seen) == _bare(visit, real):
        yield ok("trust.host", _("The site knows its name, %(host)s."), host=real)
    else:
        yield wrong(
            "trust.host",
            _("You ask for %(real)s, and the site sees %(seen)s: forms are refused."),
            _("Let the front server hand the name on."),
            visit.change(
                nginx=f"proxy_set_header Host {_host_variable(visit)};",
                apache="ProxyPreserveHost On",
            ),
            real=real, seen=seen,
        )  # fmt: skip


def _host_variable(visit: Visit) -> str:
    return "$host" if visit.stranger.port in {80, 443} else "$http_host"


def _bare(visit: Visit, netloc: str) -> str:
    return netloc.lower().removesuffix(PORTS[visit.stranger.scheme])


def hops(answer: Answer) -> int:
    """How many proxies wrote into X-Forwarded-For; what we had made up stands before them."""
    entries = _entries(answer)
    return len(entries) - entries.index(MADE_UP) - 1 if MADE_UP in entries else len(entries)


def _entries(answer: Answer) -> list[str]:
    said = answer.facts["saw"]["headers"].get("x_forwarded_for", "")
    return [entry.strip() for entry in said.split(",") if entry.strip()]


def address(visit: Visit) -> Iterator[Finding]:
    """Whether each visitor has their own address, and nobody can choose it: limits count by it."""
    told = visit.stranger.ask("GET", PAGE, headers=[("X-Forwarded-For", MADE_UP)])
    if not told.is_ours:
        return
    saw, trusted = told.facts["saw"], int(visit.server["trusted"])
    if saw["address"] == MADE_UP:
        yield _chosen(visit, told)
    elif _is_proxys(visit, saw["address"], saw["peer"]):
        yield _shared(visit, told)
    elif 0 < trusted < hops(told):
        yield _too_few(visit, told)
    else:
        yield ok(
            "trust.address",
            _("The site sees visitors at their own address, such as %(address)s."),
            address=saw["address"],
        )


def _is_proxys(visit: Visit, seen: str, peer: str) -> bool:
    """Whether that is the front server's address: all visitors have it."""
    if not visit.is_proxied or seen != peer:
        return False
    is_near = str(visit.stranger.target[0]).startswith(NEAR)
    return seen != OWN_NEAR if is_near else hops(visit.first) > 0 or seen.startswith(NEAR)


def _chosen(visit: Visit, told: Answer) -> Finding:
    said = _("Anybody can choose the address that the site sees: limits don’t hold.")
    if not visit.is_proxied:
        return wrong("trust.address", said, ALONE, visit.house.setting("TRUSTED_PROXIES", 0))
    if not hops(told):
        todo = _("Let the front server write the address itself.")
        return wrong("trust.address", said, todo, _forward(visit))
    todo = _("Believe as many proxies as there are.")
    change = visit.house.setting("TRUSTED_PROXIES", hops(told))
    return wrong("trust.address", said, todo, change)


def _shared(visit: Visit, told: Answer) -> Finding:
    said = _("Everybody has the front server’s address: one who guesses passwords locks all out.")
    if hops(told):
        todo = _("Believe as many proxies as there are.")
        change = visit.house.setting("TRUSTED_PROXIES", hops(told))
        return wrong("trust.address", said, todo, change)
    todo = _("Let the front server say who comes, and set TRUSTED_PROXIES to 1.")
    return wrong("trust.address", said, todo, _forward(visit))


def _too_few(visit: Visit, told: Answer) -> Finding:
    return wrong(
        "trust.address",
        _("More proxies stand in front than are believed: visitors share an address."),
        _("Believe as many proxies as there are."),
        visit.house.setting("TRUSTED_PROXIES", hops(told)),
    )


def _forward(visit: Visit) -> Line:
    return visit.change(
        nginx="proxy_set_header X-Forwarded-For $remote_addr;",
        apache="RequestHeader unset X-Forwarded-For early",
    )


def names(visit: Visit) -> Iterator[Finding]:
    """Whether a name with an underscore gets through as the one with a dash, or as SCRIPT_NAME."""
    lines = [("SCRIPT_NAME", PREFIX), ("X_Forwarded_For", UNDERSCORED)]
    plain = visit.stranger.ask("GET", PAGE, headers=[("X-Forwarded-Prefix", PREFIX)])
    odd = visit.stranger.ask("GET", PAGE, headers=lines)
    if plain.is_ours and plain.facts["saw"]["root"].startswith(PREFIX):
        yield wrong(
            "trust.names",
            _("Anybody can move the site below another address: X-Forwarded-Prefix is believed."),
            _("Take the header away in front."),
            visit.change(
                nginx='proxy_set_header X-Forwarded-Prefix "";',
                apache="RequestHeader unset X-Forwarded-Prefix early",
            ),
        )
    elif _is_taken(odd):
        yield wrong(
            "trust.names",
            _("Headers with an underscore get through, and are taken for others."),
            _("Take them away in front."),
            visit.change(
                nginx="underscores_in_headers off;",
                apache="RequestHeader unset SCRIPT_NAME early",
                gunicorn='forwarder_headers = ""',
                uwsgi="http-socket = 127.0.0.1:5000  ; and nginx in front",
            ),
        )
    else:
        yield ok("trust.names", _("Headers that only look like the proxy’s are not believed."))


def _is_taken(odd: Answer) -> bool:
    if not odd.is_ours:
        return odd.status >= 500
    saw = odd.facts["saw"]
    return bool(saw["root"]) or UNDERSCORED in saw["headers"].get("x_forwarded_for", "")


CHECKS = (scheme, host, address, names)
