"""The one sheet that pages link: Bootstrap and its dark rules for "auto", tokens, our sheet.

Bootstrap's parts that are dead without its script, modals and dropdowns, stand in a sheet of their
own: a designer who adds ``bootstrap.load_js()`` links ``asset('css/scripted.css')`` beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from frontdesk.assets import references

NAME = "css/bundle.css"
SCRIPTED_NAME = "css/scripted.css"
TOKENS = "css/tokens.css"
SHEET = "css/site.css"

STRING_OR_COMMENT = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|/\*.*?\*/""", re.DOTALL)
CHARSET = re.compile(r"""@charset\s+["'][^"']*["']\s*;""", re.IGNORECASE)
LINE_ENDS = re.compile(r"\s*\n\s*")
IMPORT = re.compile(r"""@import\s+(?:url\(\s*)?["']?(?P<ref>[^"'()\s;]+)["']?\s*\)?\s*;""")
RULE = re.compile(r"([^{};]+)\{([^{}]*(?:\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}[^{}]*)*)\}")
COMMA = re.compile(r",(?![^(]*\))")
DARK = re.compile(r"""\[data-bs-theme=["']?dark["']?\]""")
AUTO = re.compile(r"""\[data-bs-theme=["']?auto["']?\]""")
SCRIPTED = re.compile(r"\.(?:bs-)?(?:carousel|dropdown|modal|offcanvas|popover|toast|tooltip)\b")


@dataclass(frozen=True)
class Bundle:
    """Composes ``css/bundle.css`` out of the files that there are."""

    bootstrap: Path
    ours: Path
    theme: Path

    def __call__(self, sources: Mapping[str, Path]) -> bytes:
        parts = [(self.ours / TOKENS, TOKENS), (self.theme / TOKENS, TOKENS)]
        parts.insert(1, (sources.get(SHEET, self.ours / SHEET), SHEET))
        sheets = [inline(path, name, sources) for path, name in parts if path.is_file()]
        return "\n".join([quiet(self.bootstrap), *map(themed, sheets)]).encode()


@cache
def quiet(bootstrap: Path) -> str:
    """Bootstrap, as far as it works without a script."""
    text = lean(bootstrap.read_text("utf-8"))
    return themed(rules(text, lambda selector: not SCRIPTED.search(selector)))


@cache
def scripted(bootstrap: Path) -> bytes:
    """The rest of Bootstrap."""
    text = lean(bootstrap.read_text("utf-8"))
    return themed(rules(text, lambda selector: bool(SCRIPTED.search(selector)))).encode()


def lean(text: str) -> str:
    """A sheet without its comments (a licence, ``/*!``, stays), indents and ``@charset``."""
    kept = STRING_OR_COMMENT.sub(
        lambda found: "" if found[0].startswith("/*") and found[0][2] != "!" else found[0], text
    )
    return LINE_ENDS.sub("\n", CHARSET.sub("", kept)).strip()


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
    dark = "" if AUTO.search(text) else rules(text, lambda part: bool(DARK.search(part)))
    auto = DARK.sub("[data-bs-theme=auto]", dark)
    return f"{text}\n@media (prefers-color-scheme:dark){{{auto}}}" if auto else text


def rules(text: str, wanted: Callable[[str], bool]) -> str:
    """Those rules of a sheet, inside ``@media`` too, whose selectors are wanted."""
    return "".join(_rule(found[1].strip(), found[2], wanted) for found in RULE.finditer(text))


def _rule(prelude: str, body: str, wanted: Callable[[str], bool]) -> str:
    if prelude.startswith(("@media", "@supports")):
        body = rules(body, wanted)
        return f"{prelude}{{{body}}}" if body else ""
    selectors = ",".join(part for part in COMMA.split(prelude) if wanted(part))
    return f"{selectors}{{{body}}}" if selectors else ""
