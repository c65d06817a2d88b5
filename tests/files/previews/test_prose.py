"""Markdown: laid out, and harmless."""

from __future__ import annotations

import pytest
from tests.browser import Browser
from tests.files.previews import conftest
from tests.files.previews.conftest import Show, StaysQuick, lines, preview, said

from frontdesk.files.previews import rendered

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](&#106;avascript:alert(1))",
    "[a](data:text/html,<script>alert(1)</script>)",
    "[a](vbscript:x)",
    "![a](javascript:alert(1))",
    "![a](https://evil.example/pixel.png)",
    "<javascript:alert(1)>",
    '[a](https://x.example "onmouseover=alert(1) x=\\"")',
    "[a]: javascript:alert(1)\n\n[a]",
    "```<script>\nalert(1)\n```",
    "<svg/onload=alert(1)>",
    "<style>body{display:none}</style>",
    "<iframe src=/logout></iframe>",
    "<form action=/logout method=post><button>x</button></form>",
    "| a |\n|:--:|\n| <b onclick=x> |",
    "[a](/logout)",
    "# <h1 id=main>x</h1>",
]
KNOWN = {
    "a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p",
    "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip


def test_it_is_laid_out(show: Show) -> None:
    page = show("a.md", b"# One\n\nA *word* and ~~one~~.\n\n| a |\n|---|\n| 1 |\n")
    assert preview(page).select_one(".prose h2").get_text() == "One"
    assert [tag.get_text() for tag in preview(page).select("em, s, th, td")] == [
        "word", "one", "a", "1",
    ]  # fmt: skip


def test_headings_go_down_step_by_step(show: Show) -> None:
    page = show("a.md", b"### a\n\n# b\n\n##### c\n\n# d\n\n## e\n")
    found = [heading.name for heading in preview(page).select("h1, h2, h3, h4, h5, h6")]
    assert found == ["h2", "h2", "h3", "h2", "h3"]


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_words(show: Show, attack: str) -> None:
    body = preview(show("a.md", f"before\n\n{attack}\n\nafter\n".encode())).select_one(".prose")
    assert {tag.name for tag in body.select("*")} <= KNOWN
    assert {name for tag in body.select("*") for name in tag.attrs} <= {"href", "rel", "title"}
    for link in body.select("a[href]"):
        assert link["href"].startswith(("https://", "http://", "mailto:"))
        assert link["rel"] == ["noopener", "noreferrer", "nofollow"]
    assert "before" in body.get_text() and "after" in body.get_text()


def test_a_picture_is_its_words(show: Show) -> None:
    page = show("a.md", b"![A *lake* <i>](https://evil.example/p.png) ![](x/y.png)")
    assert [tag.get_text() for tag in preview(page).select(".prose em")] == ["A lake <i>", "y.png"]


def test_what_turns_reading_around_is_marked(show: Show) -> None:
    assert "safe⟨U+202E⟩txt" in said(show("a.md", "safe\u202etxt".encode()))


def test_its_source_can_be_seen(show: Show, alice: Browser) -> None:
    page = show("a.md", b"# One\n")
    assert lines(alice.visit(page.link("Show source"))) == ["# One"]
    assert preview(alice.visit(alice.page.link("Show it laid out"))).select_one(".prose")


@pytest.mark.parametrize(
    "content",
    [
        ">" * 100_000,
        "- " * 60_000,
        "[" * 100_000,
        "*a **b " * 30_000,
        "`" * 100_000 + "a",
        "![" * 60_000,
        "<" * 100_000,
        "|a" * 50_000 + "\n" + "|-" * 50_000 + "\n",
        "[a](" * 50_000,
        "".join(f"[{i}]: x\n" for i in range(20_000)),
        "&" * 100_000,
    ],
)
def test_hostile_markdown_is_shown_soon(stays_quick: StaysQuick, content: str) -> None:
    assert 'id="preview"' in stays_quick("a.md", content.encode())


def test_what_takes_too_long_is_shown_as_text(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendered, "SECONDS", 0)
    assert conftest.lines(show("a.md", b"# One\n")) == ["# One"]
