"""Scripts that are written in several modules and go out as one: a request less for each.

Anyone may still import a single module by its own address. Comments that have a line of their
own stay here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from frontdesk.assets import references

ENTRIES = {"js/upload.js": "js/upload/page.js"}

IMPORT = re.compile(
    r"""^import (?:\{[^}]*\} from )?"(?P<ref>\.{1,2}/[\w-]+\.js)";[^\n]*\n""", re.MULTILINE
)
EXPORT = re.compile(r"^export (?=(?:async )?function|class|const|let)", re.MULTILINE)
COMMENT = re.compile(r"^[ \t]*//[^\n]*\n", re.MULTILINE)


def joined(entry: str, sources: Mapping[str, Path]) -> bytes:
    """The module ``entry`` and all that it imports, each once, what is imported first.

    They share one scope, so no two of them may give the same name to different things;
    ``import {…} from "./other.js"`` and ``import "./other.js"`` are the forms that are understood.
    """
    texts: dict[str, str] = {}
    _collect(entry, sources, texts, ())
    return "\n".join(texts.values()).encode()


def _collect(
    name: str, sources: Mapping[str, Path], texts: dict[str, str], above: tuple[str, ...]
) -> None:
    if name in texts or name in above:
        return
    text = sources[name].read_text("utf-8")
    for found in IMPORT.finditer(text):
        _collect(references.target(found["ref"], name), sources, texts, (*above, name))
    texts[name] = COMMENT.sub("", EXPORT.sub("", IMPORT.sub("", text)))
