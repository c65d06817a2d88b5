"""The one sheet that pages link: Bootstrap and its dark rules for "auto", tokens, our sheet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from frontdesk.assets import references

NAME = "css/bundle.css"
TOKENS = "css/tokens.css"
SHEET = "css/site.css"

STRING_OR_COMMENT = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|/\*.*?\*/""", re.DOTALL)
CHARSET = re.compile(r"""\s*@charset\s+["'][^"']*["']\s*;""", re.IGNORECASE)
IMPORT = re.compile(r"""@import\s+(?:url\(\s*)?["']?(?P<ref>[^"'()\s;]+)["']?\s*\)?\s*;""")
RULE = re.compile(r"([^{};]+)\{([^{}]*(?:\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}[^{}]*)*)\}")
DARK = re.compile(r"""\[data-bs-theme=["']?dark["']?\]""")
AUTO = "[data-bs-theme=auto]"


@dataclass(frozen=True)
class Bundle:
    """Composes ``css/bundle.css`` out of the files that there are."""

    bootstrap: Path
    ours: Path
    theme: Path

    def __call__(self, sources: Mapping[str, Path]) -> bytes:
        parts = [_bootstrap(self.bootstrap)]
        parts += [themed(self._part(self.ours / TOKENS, TOKENS, sources))]
        parts += [self._part(path, SHEET, sources) for path in [sources.get(SHEET)] if path]
        parts += [themed(self._part(self.theme / TOKENS, TOKENS, sources))]
        return "\n".join(part for part in parts if part).encode()

    def _part(self, path: Path, name: str, sources: Mapping[str, Path]) -> str:
        return inline(path, name, sources) if path.is_file() else ""


@cache
def _bootstrap(path: Path) -> str:
    return themed(lean(path.read_text("utf-8")))


def lean(text: str) -> str:
    """A sheet without its comments (a licence, ``/*!``, stays) and its ``@charset``."""
    kept = STRING_OR_COMMENT.sub(
        lambda found: "" if found[0].startswith("/*") and found[0][2] != "!" else found[0], text
    )
    return CHARSET.sub("", kept).strip()


def inline(path: Path, name: str, sources: Mapping[str, Path], above: tuple[str, ...] = ()) -> str:
    """A sheet with the sheets that it imports in their place, written for the bundle's folder.

    Browsers ignore an ``@import`` that is not on top, and in the bundle none is.
    """

    def imported(found: re.Match[str]) -> str:
        other = references.target(found["ref"], NAME)
        if other not in sources or other in (*above, name):
            return found[0]
        return inline(sources[other], other, sources, (*above, name))

    text = lean(path.read_text("utf-8")).encode()
    same = {other: other for other in sources}
    return IMPORT.sub(imported, references.rewrite(text, name, NAME, same).decode())


def themed(text: str) -> str:
    """A sheet with its dark rules once more, for those who leave the choice to their system."""
    if AUTO in text:
        return text
    copy = "".join(auto_rules(text))
    return f"{text}\n@media (prefers-color-scheme:dark){{{copy}}}" if copy else text


def auto_rules(text: str) -> Iterator[str]:
    """The rules for ``[data-bs-theme=dark]``, for ``[data-bs-theme=auto]``."""
    for found in RULE.finditer(text):
        prelude, body = found[1].strip(), found[2]
        if prelude.startswith("@"):
            inner = "".join(auto_rules(body))
            if inner:
                yield f"{prelude}{{{inner}}}"
        elif DARK.search(prelude):
            dark = (part for part in prelude.split(",") if DARK.search(part))
            yield f"{DARK.sub(AUTO, ','.join(dark))}{{{body}}}"
