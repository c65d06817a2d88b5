"""Which server stands in front, and which line of which of its files is meant.

Its files are looked for where its own process on this machine says; they may lie elsewhere, or
be closed to us, and then only their names as people know them are said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from frontdesk.check.finding import _

NGINX, APACHE, GUNICORN, UWSGI, OTHER = "nginx", "apache", "gunicorn", "uwsgi", "other"
KNOWN_AS = {
    NGINX: _("the site’s file in /etc/nginx/sites-available"),
    APACHE: _("the site’s file in /etc/apache2/sites-available"),
    GUNICORN: "deploy/gunicorn.conf.py",
    UWSGI: "uwsgi.ini",
    OTHER: _("the front server’s configuration"),
}
NAMES = {"nginx": NGINX, "openresty": NGINX, "apache": APACHE, "gunicorn": GUNICORN, "uwsgi": UWSGI}
MOST_FILES, LARGEST = 200, 500_000
INCLUDES = re.compile(r"^\s*(?:include|IncludeOptional|Include)\s+\"?([^\s;\"]+)", re.M)
BEGIN = re.compile(r"^\s*(?:server\s*\{|<VirtualHost\b)", re.IGNORECASE)


ONE_OF_MANY = {"proxy_set_header", "uwsgi_param", "add_header", "SetEnv"}


class Process(NamedTuple):
    """A front server that runs here: what it is, its main file, and where that begins to look."""

    kind: str
    main: Path
    folder: Path


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a file that is about one site; ``first`` is the number of its first line."""

    path: Path
    first: int
    lines: tuple[str, ...]

    def line_of(self, directive: str, place: str = "") -> int | None:
        """Where ``directive`` stands in it: in its location of ``place``, or before all those."""
        pattern = re.compile(rf"^\s*{re.escape(directive)}(?![\w-])", re.IGNORECASE)
        begin = self._begin(place)
        at = [number for number, line in enumerate(self.lines) if pattern.match(line)]
        found = next((number for number in at if begin <= number <= self._end(begin)), None)
        found = next(iter(at), None) if found is None else found
        return None if found is None else self.first + found

    def _begin(self, place: str) -> int:
        pattern = re.compile(rf"^\s*(?:location|<Location)\s.*{re.escape(place)}[\s\">]")
        at = (number for number, line in enumerate(self.lines) if place and pattern.match(line))
        return next(at, 0)

    def _end(self, begin: int) -> int:
        ends = (
            number
            for number, line in enumerate(self.lines)
            if number > begin and re.match(r"\s*(?:\}|</Location)", line)
        )
        return next(ends, len(self.lines))


@dataclass(frozen=True, slots=True)
class Front:
    """The server that strangers meet, as far as it can be known."""

    kind: str
    part: Part | None = None

    def file(self, line: str, place: str = "") -> str:
        """Where ``line`` belongs: its own line where the directive stands already."""
        if self.part is None:
            return KNOWN_AS[self.kind]
        at = self.part.line_of(_directive(line), place) or self.part.first
        return f"{self.part.path}:{at}"


def _directive(line: str) -> str:
    """What is looked for: with its first word, where it sets one of many."""
    words = line.lstrip("# ").rstrip(";").split()
    many = 3 if words[0] in {"RequestHeader", "Header"} else 2 if words[0] in ONE_OF_MANY else 1
    return " ".join(words[:many])


def named(server: str) -> str:
    """What a ``Server`` header says that it is; empty if that is nothing we know."""
    said = server.lower()
    return next((kind for name, kind in NAMES.items() if said.startswith(name)), "")


def find(kind: str, name: str, port: int) -> Front:
    """The front of that kind, with its file if it runs on this machine and we may read it."""
    if kind not in {NGINX, APACHE}:
        return Front(kind)
    parts = [part for process in running(kind) for part in _parts(process)]
    rated = [(_fits(part, name, port), number) for number, part in enumerate(parts)]
    best = max(rated, default=(0, 0), key=lambda one: (one[0], -one[1]))
    return Front(kind, parts[best[1]] if best[0] else None)


def running(kind: str, processes: Path = Path("/proc")) -> Iterator[Process]:
    """The servers of that kind on this machine."""
    for folder in processes.glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().split()
        except (OSError, UnicodeDecodeError):
            continue
        if process := _process(kind, words):
            yield process


def _process(kind: str, words: list[str]) -> Process | None:
    text = " ".join(words)
    if kind == NGINX and text.startswith("nginx: master process"):
        main = _option(words, "-c", "/etc/nginx/nginx.conf")
        return Process(kind, main, Path(_option(words, "-p", str(main.parent))))
    if kind == APACHE and words and re.search(r"(^|/)(apache2|httpd)$", words[0]):
        root = _option(words, "-d", "/etc/apache2")
        return Process(kind, root / _option(words, "-f", "apache2.conf"), root)
    return None


def _option(words: list[str], name: str, default: str) -> Path:
    at = words.index(name) + 1 if name in words else len(words)
    return Path(words[at] if at < len(words) else default)


def _parts(process: Process) -> Iterator[Part]:
    waiting, seen = [process.main], set[Path]()
    while waiting and len(seen) < MOST_FILES:
        path = waiting.pop(0)
        if path in seen or not (text := _read(path)):
            continue
        seen.add(path)
        yield from _split(path, text)
        for pattern in INCLUDES.findall(text):
            waiting += sorted(_included(process, pattern))


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace") if path.stat().st_size < LARGEST else ""
    except OSError:
        return ""


def _included(process: Process, pattern: str) -> Iterator[Path]:
    if pattern.startswith("/"):
        yield from Path("/").glob(pattern.lstrip("/"))
    else:
        yield from process.main.parent.glob(pattern)


def _split(path: Path, text: str) -> Iterator[Part]:
    """Each site in a file: from its first line to the next one's."""
    lines = text.splitlines()
    begins = [number for number, line in enumerate(lines) if BEGIN.match(line)]
    if not begins and re.search(r"^\s*Listen\s", text, re.M):
        begins = [0]
    for number, begin in enumerate(begins):
        end = begins[number + 1] if number + 1 < len(begins) else len(lines)
        yield Part(path, begin + 1, tuple(lines[begin:end]))


def _fits(part: Part, name: str, port: int) -> int:
    """How well a part is about the site at ``name`` and ``port``; 0 is not at all."""
    text = "\n".join(line.partition("#")[0] for line in part.lines)
    number = rf"(?:[^\s;>]*:)?{port}\b"
    listens = re.search(rf"(?:\blisten|\bListen|<VirtualHost)\s+{number}", text)
    is_named = re.search(
        rf"(?i)(?:server_name|ServerName|ServerAlias)\s[^;\n]*{re.escape(name)}\b", text
    )
    return 2 * bool(listens) + bool(is_named) if listens or is_named else 0
