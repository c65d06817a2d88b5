"""Keep the lines that docs/tutorial*.md points at true.

A reference is ``[path:line](../path#Lline) `code` ``: that code stands on that line. A test is
``tests/path.py::test_name``. ``python docs/references.py --mend`` moves the numbers to where the
code is now; tests/test_docs.py fails when one is wrong.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = ("docs/tutorial.md", "docs/tutorial.zh.md")
REFERENCE = re.compile(r"\[([\w./-]+):(\d+)\]\(\.\./[\w./-]+#L\d+\) `([^`]+)`")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def wrong(page: str) -> Iterator[str]:
    """What a page says that isn't so."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for path, line, code in REFERENCE.findall(text):
        lines = _lines(path)
        if not 0 < int(line) <= len(lines) or code not in lines[int(line) - 1]:
            yield f"{page}: {path}:{line} is not {code!r}"
    for path, name in TEST.findall(text):
        if not any(line.startswith(f"def {name}(") for line in _lines(path)):
            yield f"{page}: there is no {path}::{name}"


def mend(page: str) -> None:
    """Point each reference at the first line that has its code.

    :raise SystemExit: if a file has no such line
    """
    text = (ROOT / page).read_text(encoding="utf-8")
    (ROOT / page).write_text(REFERENCE.sub(_mended, text), encoding="utf-8")


def _mended(found: re.Match[str]) -> str:
    path, code = found[1], found[3]
    for number, line in enumerate(_lines(path), 1):
        if code in line:
            return f"[{path}:{number}](../{path}#L{number}) `{code}`"
    raise SystemExit(f"{path} has no line with {code!r}")


def _lines(path: str) -> list[str]:
    file = ROOT / path
    return file.read_text(encoding="utf-8").splitlines() if file.is_file() else []


if __name__ == "__main__":
    if "--mend" in sys.argv:
        for name in PAGES:
            mend(name)
    sys.exit("\n".join(sentence for name in PAGES for sentence in wrong(name)) or None)
