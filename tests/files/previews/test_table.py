"""CSV and TSV as a table: the first rows and columns, as text."""

from __future__ import annotations

import pytest
from tests.browser import Browser, Page
from tests.files.previews.conftest import Show, StaysQuick, lines, preview, said

from frontdesk.files.previews import table


def cells(page: Page) -> list[list[str]]:
    return [
        [cell.get_text() for cell in row.select("th, td")]
        for row in preview(page).select("table tr")
    ]


def test_rows_and_columns(show: Show) -> None:
    page = show("a.csv", b'Name,Sum\nAda,"1,200"\n"B\nC",<b>\n')
    assert cells(page) == [["Name", "Sum"], ["Ada", "1,200"], ["B\nC", "<b>"]]
    assert [cell["scope"] for cell in preview(page).select("th")] == ["col", "col"]
    assert preview(page).select_one("caption").get_text() == "The table in “a.csv”"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(show: Show, delimiter: str) -> None:
    rows = [["a", "b", "c"], ["1", "2", "x, y"], ["3", "4", "z"]]
    quoted = "\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    assert cells(show("a.csv", quoted.encode())) == rows


def test_tsv(show: Show) -> None:
    assert cells(show("a.tsv", b"a\tb\n1\t2, 3\n")) == [["a", "b"], ["1", "2, 3"]]


def test_chinese_from_a_spreadsheet_of_old(show: Show) -> None:
    page = show("a.csv", "姓名,城市\n王小明,北京\n李丽,上海\n".encode("gb18030"))
    assert cells(page)[0] == ["姓名", "城市"]


def test_a_first_row_of_numbers_is_no_head(show: Show) -> None:
    page = show("a.csv", b"1,2\n3,4\n")
    assert not preview(page).select("th")
    assert cells(page) == [["1", "2"], ["3", "4"]]


def test_ragged_rows_are_filled_up(show: Show) -> None:
    assert cells(show("a.csv", b"1,2\n3\n4,5,6\n")) == [
        ["1", "2", ""], ["3", "", ""], ["4", "5", "6"],
    ]  # fmt: skip


def test_formulas_are_text(show: Show) -> None:
    page = show("a.csv", b"a,b\n=cmd|' /C calc'!A0,@x\n")
    assert cells(page)[1] == ["=cmd|' /C calc'!A0", "@x"]


def test_numbers_stand_on_the_right(show: Show) -> None:
    page = show("a.csv", b"Day,Sum\n2026-01-02,1\n2026-01-03,-2.50\n")
    assert [cell.get("class") for cell in preview(page).select("td")] == [
        None, ["number"], None, ["number"],
    ]  # fmt: skip


def test_a_long_table_is_shown_to_a_limit(show: Show) -> None:
    rows = [",".join(f"c{c}r{r}" for c in range(40)) for r in range(300)]
    page = show("a.csv", "\n".join(rows).encode())
    assert (len(cells(page)), len(cells(page)[0])) == (101, 30)
    assert "Showing the first 100 rows. Showing the first 30 columns." in said(page)


def test_a_short_table_is_not_called_cut(show: Show) -> None:
    rows = "a,b\n" + "1,2\n" * 100
    page = show("a.csv", rows.encode())
    assert len(cells(page)) == 101 and "Showing" not in said(page)


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n" + b"1,2\n" * 1_000_000,
        b"x" * 4_000_000,
        b'"' * 1_000_000,
        b'a,"' + b"x" * 4_000_000,
        b"," * 4_000_000,
        b"\n" * 1_000_000 + b"a,b",
        b'"a\n' * 200_000,
        b"a,b\x00,c\n1,2,3\n" * 10,
    ],
)
def test_hostile_tables_are_shown_soon(stays_quick: StaysQuick, content: bytes) -> None:
    assert 'id="preview"' in stays_quick("a.csv", content)


def test_a_half_row_at_the_end_of_what_was_read_is_left_out() -> None:
    found = table.read("a,b\n1,2\n3", is_cut=True)
    assert found and found.rows == [["1", "2"]] and found.more_rows


def test_long_cells_are_clipped(show: Show) -> None:
    page = show("a.csv", b"a,b\n" + b"x" * 900 + b",2\n")
    assert cells(page)[1][0] == "x" * 200 + "…"


def test_its_source_can_be_seen(show: Show, alice: Browser) -> None:
    page = show("a.csv", b"a,b\n1,2\n")
    assert lines(alice.visit(page.link("Show source"))) == ["a,b", "1,2"]
    assert cells(alice.visit(alice.page.link("Show it laid out"))) == [["a", "b"], ["1", "2"]]
