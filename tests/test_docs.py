"""What the documents say is so."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
references = runpy.run_path(str(ROOT / "docs" / "references.py"))


@pytest.mark.parametrize("page", references["PAGES"])
def test_the_tutorial_points_at_the_lines_that_it_quotes(page: str) -> None:
    assert list(references["wrong"](page)) == []


def test_a_reference_to_another_line_is_found() -> None:
    found = references["REFERENCE"].search("[config.py:1](../config.py#L1) `SITE_NAME`")
    assert found
    assert "SITE_NAME" not in (ROOT / found[1]).read_text().splitlines()[int(found[2]) - 1]


@pytest.mark.parametrize("page", references["PAGES"])
def test_each_row_of_the_tutorial_has_a_line_and_a_test(page: str) -> None:
    rows = [
        line for line in (ROOT / page).read_text().splitlines() if re.match(r"\| (1|2\.)", line)
    ]
    later = [row for row in rows if "⏳" in row]
    assert len(rows) == 22, "as many as the tutorial has"
    assert {row.split()[1] for row in later} <= {"2.13", "2.14"}, "servers come later"
    for row in set(rows) - set(later):
        assert references["REFERENCE"].search(row), row
        assert references["TEST"].search(row), row


@pytest.mark.parametrize("page", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/*.md")))
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links {target}"


HANDBOOK = [path for path in sorted(ROOT.glob("docs/*.zh.md")) if "tutorial" not in path.name]


@pytest.mark.parametrize("page", HANDBOOK, ids=lambda path: path.name)
def test_a_page_in_chinese_says_what_the_english_one_says(page: Path) -> None:
    """As far as it isn't words: its parts, blocks and names; and each leads to the other."""
    english = page.with_name(page.name.replace(".zh.", "."))
    texts = page.read_text(), english.read_text()
    assert f"[English]({english.name})" in texts[0] and f"[中文]({page.name})" in texts[1]
    for pattern in (r"^```.*?^```", r"^#+(?= )", r"(?<!`)`[^`\n]+`(?!`)"):
        chinese, original = (sorted(re.findall(pattern, one, re.M | re.S)) for one in texts)
        assert chinese == original, pattern
