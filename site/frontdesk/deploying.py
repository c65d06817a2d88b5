"""The configurations in ``deploy/``, as they must read for one host.

Each file there works as it stands for ``files.example.org`` in ``/srv/frontdesk``. What an owner
has to say stands in it as one of the texts in :func:`_values`, and is replaced.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "deploy"
FILES: Mapping[str, tuple[str, ...]] = {
    "apache": ("apache.conf",),
    "container": ("Containerfile",),
    "gunicorn": ("gunicorn.conf.py",),
    "nginx": ("nginx.conf",),
    "systemd": (
        *("systemd/frontdesk.socket", "systemd/frontdesk.service"),
        "systemd/frontdesk-worker.service",
        *("systemd/frontdesk-purge.service", "systemd/frontdesk-purge.timer"),
        *("systemd/frontdesk-scrub.service", "systemd/frontdesk-scrub.timer"),
        *("systemd/frontdesk-backup.service", "systemd/frontdesk-backup.timer"),
    ),
    "uwsgi": ("uwsgi.ini", "systemd/uwsgi.conf"),
}
ALONE = {"nginx": ("body", "proxy", "uwsgi", "fastcgi", "scgi"), "apache": ()}
NAME = "frontdesk"
SITE = "frontdesk.conf"
# What each of these may be, for it is written into other programs' files: no more than it seems.
_PATH = r"/[\w./@+,=~-]*"
_PORT = r"(?!0)\d{1,5}"
_LABEL = r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
_IPV4 = r"\d{1,3}(\.\d{1,3}){3}"
_FOLDER_SAYS = "a path from / on, of letters, digits and . _ - @ + , = ~"
MEANT: Mapping[str, tuple[str, str]] = {
    "host": (
        rf"(?=.{{1,253}}\Z)({_LABEL}\.)*(?!\d+\Z){_LABEL}",
        "a name like files.example.org: no address, and no https:// or port. Other letters are "
        "written as browsers do: xn--…",
    ),
    "listen": (rf"({_IPV4}|\[[0-9a-fA-F:.]+\])?", "an address like 127.0.0.1 or [::1], or empty"),
    "upstream": (
        rf"unix:{_PATH}|([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\]):{_PORT}",
        f"unix:PATH or HOST:PORT. PATH is {_FOLDER_SAYS}",
    ),
    **dict.fromkeys(("certificate", "key", "root", "instance", "files"), (_PATH, _FOLDER_SAYS)),
    "log": (f"({_PATH})?", _FOLDER_SAYS),
    "user": (r"[A-Za-z_][A-Za-z0-9_.-]{0,31}", "the name of a user, like frontdesk"),
}
WAYS = ("http", "uwsgi")
LOGS = ("/var/log/nginx/access.log", "${APACHE_LOG_DIR}/access.log")
LAST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Place:
    """Where a site is served: its name, its ports, its folders.

    ``upstream`` is where the WSGI server listens, ``unix:/PATH`` or ``HOST:PORT``, and ``way`` what
    it speaks, one of :data:`WAYS`. An empty ``listen`` is every address of the machine, IPv6 too.
    An empty ``log`` is where Debian's front servers write theirs.
    """

    host: str = "files.example.org"
    listen: str = ""
    http: int = 80
    https: int = 443
    certificate: str = "/etc/letsencrypt/live/files.example.org/fullchain.pem"
    key: str = "/etc/letsencrypt/live/files.example.org/privkey.pem"
    upstream: str = "unix:/run/frontdesk/http.sock"
    way: str = "http"
    root: str = "/srv/frontdesk"
    instance: str = "/srv/frontdesk/instance"
    files: str = "/srv/frontdesk/instance/files"
    user: str = "frontdesk"
    log: str = ""


class BadPlace(Exception):
    """A place can't be as it was said; the message says which part, and what it may be."""


def refuse_odd(place: Place) -> None:
    """:raise BadPlace: if something in it would be read as more than a name, folder or port"""
    for name, (pattern, words) in MEANT.items():
        if not re.fullmatch(pattern, getattr(place, name)) or not _is_in_range(place, name):
            said = "The folder of STORAGE_URL" if name == "files" else f"--{name}"
            raise BadPlace(f"{said} must be {words}.")


def _is_in_range(place: Place, name: str) -> bool:
    """Whether the numbers in addresses and ports are such."""
    if name == "upstream" and not place.upstream.startswith("unix:"):
        return int(place.upstream.rpartition(":")[2]) <= LAST_PORT
    if name == "listen" and place.listen:
        try:
            ipaddress.ip_address(place.listen.strip("[]"))
        except ValueError:
            return False
    return True


def render(what: str, place: Place) -> dict[str, str]:
    """The files of ``what``, a key of :data:`FILES`, by their names."""
    return {Path(name).name: _for(place, (FOLDER / name).read_text()) for name in FILES[what]}


def write_alone(what: str, place: Place, folder: Path) -> Path:
    """Make ``folder`` a place in which nginx or Apache runs by itself; the main file.

    ``what`` is a key of :data:`ALONE`.
    """
    place = replace(place, log=place.log or str(folder / "access.log"))
    for name in ("", *ALONE[what]):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for text in render(what, place).values():
        (folder / SITE).write_text(text)
    main = folder / f"{what}.conf"
    own = _for(place, (FOLDER / "alone" / f"{what}.conf").read_text())
    own = own.replace("${PWD}", str(folder))
    main.write_text(own if os.geteuid() else _as_root(what) + own)
    return main


def _as_root(what: str) -> str:
    """Who does the work when root starts it: Debian's user, as when the system starts it."""
    return "user www-data;\n" if what == "nginx" else "User www-data\nGroup www-data\n"


def _for(place: Place, text: str) -> str:
    if place.listen:
        text = re.sub(r"^ *listen \[::\].*\n", "", text, flags=re.MULTILINE)
    values = _values(place)
    texts = sorted(values, key=len, reverse=True)
    either = "|".join(re.escape(each) + (r"\b" if each[-1].isalnum() else "") for each in texts)
    return re.sub(either, lambda found: values[found[0]], text)


def _path_of(place: Place) -> str:
    """The upstream where no ``unix:`` is said before a path."""
    return place.upstream.removeprefix("unix:")


def _apaches(place: Place) -> str:
    """The upstream as Apache writes it."""
    if place.upstream.startswith("unix:"):
        return f"{place.upstream}|{place.way}://{NAME}"
    return f"{place.way}://{place.upstream}"


def _values(place: Place) -> dict[str, str]:
    """What stands in the files, and what must stand there."""
    stock = Place()
    at = f"{place.listen}:" if place.listen else ""
    named = place.host if place.https == stock.https else f"{place.host}:{place.https}"
    return {
        stock.host: place.host,
        f"HOST {stock.host}": f"HOST {named}",
        f"Host {stock.host}": f"Host {named}",
        f'Host "{stock.host}"': f'Host "{named}"',
        f"https://{stock.host}": f"https://{named}",
        f"listen {stock.http}": f"listen {at}{place.http}",
        f"listen {stock.https}": f"listen {at}{place.https}",
        f"Listen {stock.http}": f"Listen {at}{place.http}",
        f"Listen {stock.https}": f"Listen {at}{place.https}",
        f"*:{stock.http}": f"*:{place.http}",
        f"*:{stock.https}": f"*:{place.https}",
        f"[::]:{stock.http}": f"[::]:{place.http}",
        f"[::]:{stock.https}": f"[::]:{place.https}",
        stock.certificate: place.certificate,
        stock.key: place.key,
        stock.upstream: place.upstream,
        f"{stock.upstream}|http://{NAME}": _apaches(place),
        "proxy_pass http://frontdesk": (
            "uwsgi_pass frontdesk" if place.way == "uwsgi" else "proxy_pass http://frontdesk"
        ),
        "Path(__file__).resolve().parents[1]": f'Path("{place.root}")',
        'os.environ.get("BIND") or HERE': f'os.environ.get("BIND", "{place.upstream}")',
        f"socket = {stock.upstream.removeprefix('unix:')}": f"socket = {_path_of(place)}",
        f"ListenStream={_path_of(stock)}": f"ListenStream={_path_of(place)}",
        f"User={stock.user}": f"User={place.user}",
        f"Group={stock.user}": f"Group={place.user}",
        **{log: place.log or log for log in LOGS},
        stock.files: place.files,
        stock.instance: place.instance,
        stock.root: place.root,
    }
