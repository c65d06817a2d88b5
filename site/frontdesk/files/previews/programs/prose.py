"""Makes HTML of Markdown. A program; never imported by the site.

CommonMark with tables and strikethrough; HTML in it is shown as text. Then nh3 lets through what
such a page needs and nothing else, whatever the first got wrong.
"""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Sequence
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

DEEPEST = 20  # blocks in blocks
HEADINGS = {"h2", "h3", "h4", "h5", "h6"}
BLOCKS = {"blockquote", "hr", "li", "ol", "p", "pre", "ul"}
TABLES = {"table", "tbody", "td", "th", "thead", "tr"}
TAGS = HEADINGS | BLOCKS | TABLES | {"a", "br", "code", "del", "em", "s", "strong"}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}


def main() -> int:
    markdown = MarkdownIt("commonmark", {"html": False, "maxNesting": DEEPEST})
    markdown.enable(["table", "strikethrough"])
    markdown.add_render_rule("image", _words_of_image)
    tokens = markdown.parse(sys.stdin.buffer.read().decode())
    _lower_headings(tokens)
    html = markdown.renderer.render(tokens, markdown.options, {})
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        link_rel="noopener noreferrer nofollow",
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",
    )
    sys.stdout.buffer.write(clean.encode())
    return 0


def _lower_headings(tokens: Sequence[Token]) -> None:
    """The page has its h1, and no level is left out on the way down (WCAG 1.3.1)."""
    level = 1
    for token in tokens:
        if token.type == "heading_open":
            level = min(int(token.tag[1]) + 1, level + 1, 6)
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{level}"


def _words_of_image(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any
) -> str:
    """What a picture shows, in words: pictures from elsewhere would tell who reads this."""
    token = tokens[index]
    words = renderer.renderInlineAsText(token.children or [], options, env)
    name = posixpath.basename(str(token.attrs.get("src", "")))
    said = words.strip() or name or "…"
    return f"<em>{nh3.clean_text(said)}</em>"
