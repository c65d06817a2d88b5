"""Colours source code. A program; never imported by the site.

The text is standard input, in UTF-8; on standard output it comes back as HTML, line by line, with
``<span class>`` and nothing else. Nothing comes back if no language goes by that name.
"""

from __future__ import annotations

import sys

from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_for_filename
from pygments.lexers.special import TextLexer
from pygments.util import ClassNotFound


def main(name: str) -> int:
    """By the name alone: guessing by content runs patterns of all languages over it."""
    try:
        lexer = get_lexer_for_filename(name, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return 0
    if isinstance(lexer, TextLexer):
        return 0
    text = sys.stdin.buffer.read().decode()
    sys.stdout.buffer.write(highlight(text, lexer, HtmlFormatter(nowrap=True)).encode())
    return 0
