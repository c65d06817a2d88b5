"""How sheets and scripts name other files: found, and written anew."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Container, Mapping
from functools import lru_cache

CSS = re.compile(r"""(?P<before>\burl\(\s*["']?|@import\s+["'])(?P<ref>[^"'()\s]+)""")
JS = re.compile(
    r"""(?P<before>(?:\bfrom|\bimport|\bimport\s*\(|\bnew\s+URL\()\s*["'])(?P<ref>\.{1,2}/[^"']+)"""
)
KINDS = {".css": CSS, ".js": JS, ".mjs": JS}


def _pattern(name: str) -> re.Pattern[str] | None:
    return KINDS.get(posixpath.splitext(name)[1])


def _split(ref: str) -> tuple[str, str]:
    """``icons.svg#bell`` to ``icons.svg`` and ``#bell``."""
    path = re.split(r"[?#]", ref, maxsplit=1)[0]
    return path, ref[len(path) :]


def target(ref: str, name: str) -> str:
    """What ``ref``, standing in the file ``name``, means."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), _split(ref)[0]))


def targets(body: bytes, name: str, names: Container[str]) -> set[str]:
    """Which of ``names`` the file refers to."""
    pattern = _pattern(name)
    refs = _refs(pattern, body) if pattern else ()
    return {target(ref, name) for ref in refs if target(ref, name) in names}


@lru_cache(256)
def _refs(pattern: re.Pattern[str], body: bytes) -> tuple[str, ...]:
    """All that it names; only what was edited is read through again."""
    text = body.decode("utf-8", "surrogateescape")
    return tuple(match["ref"] for match in pattern.finditer(text))


def rewrite(body: bytes, name: str, to: str, names: Mapping[str, str]) -> bytes:
    """The file ``name`` as it must read at ``to``, where each target has its new name.

    What is not among ``names`` stays as it is: other sites, ``data:``, addresses with a root.
    """
    pattern = _pattern(name)
    if pattern is None:
        return body
    return pattern.sub(_renamer(name, to, names), body.decode("utf-8", "surrogateescape")).encode(
        "utf-8", "surrogateescape"
    )


def _renamer(name: str, to: str, names: Mapping[str, str]) -> Callable[[re.Match[str]], str]:
    def renamed(match: re.Match[str]) -> str:
        new = names.get(target(match["ref"], name))
        if new is None:
            return match[0]
        path = posixpath.relpath(new, posixpath.dirname(to) or ".")
        dotted = path if path.startswith(".") else f"./{path}"
        return match["before"] + dotted + _split(match["ref"])[1]

    return renamed
