"""A folder of files, each under a name that changes with its content."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from threading import Lock

from frontdesk.assets import compress, references

HASHED = re.compile(r"(.+)\.[0-9a-f]{12}(\.[^./]+)?")
A_DAY = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class File:
    """``name`` is what templates say, ``hashed`` what browsers ask for."""

    name: str
    hashed: str
    digest: str
    path: Path
    encodings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What there was at one moment, by both names."""

    names: Mapping[str, File]
    hashes: Mapping[str, File]
    seen: Mapping[Path, object]

    def find(self, name: str) -> tuple[File, bool] | None:
        """The file of either name, and whether these are the very bytes that were asked for.

        A hash of another version finds today's file: the page that links it may come from
        a node that is older or newer than this one.
        """
        if name in self.hashes:
            return self.hashes[name], True
        stale = HASHED.fullmatch(name)
        today = stale[1] + (stale[2] or "") if stale else ""
        file = self.names.get(name) or self.names.get(today)
        return (file, False) if file else None


class Shelf:
    """Files from ``roots``, where a later root wins, copied into ``folder`` by their hashes.

    What stands in ``folder`` is named by its content and never changes, so any number of
    processes may fill it at once, and a web server may serve it by itself.
    """

    def __init__(
        self,
        folder: Path,
        roots: Sequence[Path],
        only: Sequence[str] = (),
        made: Mapping[str, Callable[[Mapping[str, Path]], bytes]] | None = None,
        watch: Callable[[], bool] = lambda: False,
    ) -> None:
        self.folder, self.roots, self.only, self.made = folder, roots, only, made or {}
        self.watch = watch
        self._catalogue: Catalogue | None = None
        self._lock = Lock()

    def now(self) -> Catalogue:
        """What there is. An edit shows at once while we ``watch``, else at the next start."""
        known = self._catalogue
        if known is None or (self.watch() and known.seen != self._look()):
            return self.make(known)
        return known

    def make(self, known: Catalogue | None) -> Catalogue:
        """Read the roots and fill the folder, unless another thread did since ``known``."""
        with self._lock:
            if self._catalogue is None or self._catalogue is known:
                self._catalogue = self._made()
            return self._catalogue

    def read(self, file: File, encoding: str = "") -> bytes:
        """The bytes of a file, compressed at the first time that they are wanted so."""
        known = self._catalogue
        try:
            return compress.read(file.path, encoding)
        except FileNotFoundError:  # somebody emptied the cache of a running site
            self.make(known)
            return compress.read(file.path, encoding)

    def _made(self) -> Catalogue:
        seen = self._look()
        files = self._fill(self._sources())
        hashes = {file.hashed: file for file in files.values()}
        self._drop_the_old(hashes)
        return Catalogue(files, hashes, seen)

    def _in(self, root: Path) -> dict[str, Path]:
        return {name: root / name for name in self.only} or walk(root)

    def _sources(self) -> dict[str, Path]:
        return {name: path for root in self.roots for name, path in self._in(root).items()}

    def _look(self) -> dict[Path, object]:
        return {path: stamp(path) for root in self.roots for path in self._in(root).values()}

    def _fill(self, sources: Mapping[str, Path]) -> dict[str, File]:
        bodies = {name: path.read_bytes() for name, path in sources.items()}
        bodies |= {name: make(sources) for name, make in self.made.items()}
        digests = digests_of(bodies)
        hashed = {name: hashed_name(name, digest) for name, digest in digests.items()}
        files = {}
        for name, body in bodies.items():
            path = self.folder / hashed[name]
            if not compress.stands(path):
                compress.keep(path, references.rewrite(body, name, name, hashed))
            encodings = compress.encodings_for(name, body)
            files[name] = File(name, hashed[name], digests[name], path, encodings)
        return files

    def _drop_the_old(self, hashes: Mapping[str, File]) -> None:
        for name, path in walk(self.folder).items():
            plain = name.removesuffix(".br").removesuffix(".gz")
            if plain not in hashes and path.stat().st_mtime < time.time() - A_DAY:
                path.unlink(missing_ok=True)


def walk(root: Path) -> dict[str, Path]:
    """Every regular file below, by its name with slashes; no dot files, no symbolic links."""
    found = {}
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths = (Path(folder, name) for name in files if not name.startswith("."))
        found.update({str(path.relative_to(root)): path for path in paths if is_plain(path)})
    return found


def is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def stamp(path: Path) -> tuple[int, int] | None:
    """Changes when the file does; None while an editor is just putting it in place."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_mtime_ns, stat.st_size


def hashed_name(name: str, digest: str) -> str:
    """``css/site.css`` to ``css/site.3f2a91c0d1e2.css``."""
    path = PurePosixPath(name)
    return str(path.with_name(f"{path.stem}.{digest}{path.suffix}"))


def digests_of(bodies: Mapping[str, bytes]) -> dict[str, str]:
    """Twelve hexadecimal digits for each file and all that it refers to.

    So when an image changes, the address of each sheet that names it changes too.
    """
    own = {name: hashlib.sha256(body).hexdigest() for name, body in bodies.items()}
    targets = {name: references.targets(body, name, bodies) for name, body in bodies.items()}
    digests = {}
    for name in bodies:
        whole = own[name] + "".join(own[other] for other in sorted(reach(name, targets)))
        digests[name] = hashlib.sha256(whole.encode()).hexdigest()[:12]
    return digests


def reach(name: str, targets: Mapping[str, set[str]]) -> set[str]:
    """A file, all that it refers to, and what that refers to; circles are fine."""
    seen: set[str] = set()
    ahead = {name}
    while ahead:
        here = ahead.pop()
        seen.add(here)
        ahead |= targets[here] - seen
    return seen
