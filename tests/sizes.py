"""What is over the size that STYLE.md wants, longest first; `make check` shows it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
WANTED = {"file": 250, "function": 40, "template": 150}


def over() -> Iterator[tuple[int, str]]:
    """(lines, what) of each file, function and template that is longer than wanted."""
    for path in sorted((ROOT / "site").rglob("*.py")):
        text, name = path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))
        if "migrations/versions" in name:
            continue
        if (lines := text.count("\n")) > WANTED["file"]:
            yield lines, name
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > WANTED["function"]:
                    yield lines, f"{name} {node.name}()"
    for path in sorted((ROOT / "templates").rglob("*.html")):
        if (lines := path.read_text(encoding="utf-8").count("\n")) > WANTED["template"]:
            yield lines, str(path.relative_to(ROOT))


if __name__ == "__main__":
    for count, what in sorted(over(), reverse=True):
        print(f"{count:5} lines: {what}")
