"""One test of a set-up from outside: who goes, where to, and what is known of the way there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from frontdesk.check.finding import NO_LINE, Line, _
from frontdesk.check.fronts import APACHE, GUNICORN, NGINX, OTHER, UWSGI, Front, find, named
from frontdesk.check.stranger import Answer, Stranger

PAGE, FORM, UPLOADS = "/hello/", "/upload", "/uploads/"
NOBODYS = "00000000-0000-4000-8000-000000000000"
UPLOAD = f"{UPLOADS}{NOBODYS}"
FILE = f"/file/{NOBODYS}/check.bin"
PUT = "/path/check.bin"


@dataclass(frozen=True, slots=True)
class House:
    """What whoever tests knows of the site: sizes in bytes, and where each setting is changed.

    ``stored`` is a blob with the probe's file in it, which lies in ``folder``.
    """

    max_file_size: int
    min_upload_rate: int
    trusted_hosts: tuple[str, ...]
    instance: str
    places: Mapping[str, str]
    folder: str = ""
    stored: UUID | None = None

    def setting(self, name: str, value: object) -> Line:
        """The line that sets it."""
        place = self.places.get(name, "instance/config.py")
        written = repr(value) if not isinstance(value, str) else f'"{value}"'
        if place.startswith("FRONTDESK_"):
            return Line(_("the environment"), f"{place}={str(value).replace(chr(39), chr(34))}")
        return Line(place, f"{name} = {written}".replace("'", '"'))


@dataclass(frozen=True, slots=True)
class Visit:
    """``first`` is what the site told of the first request; ``plain_port`` where http may answer.

    ``insecure`` takes certificates that nobody vouches for.
    """

    stranger: Stranger
    house: House
    front: Front
    first: Answer
    plain_port: int
    insecure: bool = False
    slow: bool = False
    certificate: str = ""

    @property
    def saw(self) -> dict[str, Any]:
        return dict(self.first.facts["saw"])

    @property
    def server(self) -> dict[str, Any]:
        return dict(self.first.facts["server"])

    @property
    def is_proxied(self) -> bool:
        """Whether something stands before the server of the app."""
        return self.front.kind not in {GUNICORN, UWSGI}

    def change(self, place: str = "", **lines: str) -> Line:
        """The line for the front that is there; nginx's as an example where it is unknown.

        ``place`` is the address it is about, where a file has other lines for some.
        """
        line = lines.get(self.front.kind, "")
        if not line and self.front.kind == OTHER:
            line = lines.get(NGINX, "")
        if self.front.kind == NGINX and self.server["uwsgi"]:
            line = _for_uwsgi(line)
        return Line(self.front.file(line, place), line) if line else NO_LINE


def _for_uwsgi(line: str) -> str:
    """nginx speaks to uWSGI in other words."""
    if found := re.match(r"proxy_set_header (\S+) (.*)", line):
        return f"uwsgi_param HTTP_{found[1].upper().replace('-', '_')} {found[2]}"
    return re.sub(r"\bproxy_", "uwsgi_", line)


def front_of(stranger: Stranger, first: Answer) -> Front:
    """Which server it is that strangers meet."""
    facts = first.facts
    forwarded = facts["saw"]["headers"]
    kind = _said(stranger, first, forwarded)
    if kind in {NGINX, APACHE}:
        return find(kind, stranger.name, stranger.port)
    if any(name.startswith(("x_forwarded", "forwarded", "via")) for name in forwarded):
        return Front(OTHER)
    return Front(UWSGI if facts["server"]["uwsgi"] else GUNICORN if kind else OTHER)


def _said(stranger: Stranger, first: Answer, forwarded: Mapping[str, str]) -> str:
    """Apache lets the app's server say who it is; it says itself where it answers by itself."""
    kind = named(first.get("Server"))
    if kind in {NGINX, APACHE}:
        return kind
    if "x_forwarded_server" in forwarded:
        return APACHE
    try:
        own = named(stranger.send([b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"]).get("Server"))
    except OSError:
        own = ""
    return own or kind


def unverified(stranger: Stranger) -> Stranger:
    """The same, who takes any certificate: to see whether it is the site at all."""
    return replace(stranger, verify=False)
