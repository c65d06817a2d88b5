"""The first rows of a CSV or TSV, from no more than its beginning."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from io import StringIO
from itertools import islice
from typing import NamedTuple

from frontdesk.files.previews import text

MOST_ROWS, MOST_COLUMNS, MOST_LETTERS = 100, 30, 200
SAMPLE = 20  # rows by which the delimiter is found
DELIMITERS = ",;\t|"
NUMBER = re.compile(r"[-+(]?[$€£¥]?\d[\d., ]*%?\)?")
DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*")


class Table(NamedTuple):
    """Rows of cells, all equally many; ``more`` is what of ``rows`` and ``columns`` is left out."""

    head: list[str]
    rows: list[list[str]]
    numeric: list[bool]
    more_rows: bool
    more_columns: bool


def read(words: str, is_cut: bool) -> Table | None:
    """The table in the beginning of a text; None if there is no row in it."""
    delimiter = _delimiter(words)
    rows = list(islice(_rows(words, delimiter), MOST_ROWS + 2))
    if is_cut and len(rows) > 1 and len(rows) < MOST_ROWS + 2:
        rows.pop()  # its end was not read
    if not rows:
        return None
    widest = max(map(len, rows))
    shown = [_padded(row, min(widest, MOST_COLUMNS)) for row in rows]
    has_head = _has_head(shown)
    body = shown[1:] if has_head else shown
    return Table(
        head=shown[0] if has_head else [],
        rows=body[:MOST_ROWS],
        numeric=_numeric(body[:MOST_ROWS]),
        more_rows=is_cut or len(body) > MOST_ROWS,
        more_columns=widest > MOST_COLUMNS,
    )


def _rows(words: str, delimiter: str) -> Iterator[list[str]]:
    """What the csv module reads, up to where it refuses (a cell of over 128 KiB)."""
    reader = csv.reader(StringIO(words, newline=""), delimiter=delimiter)
    while True:
        try:
            row = next(reader)
        except (StopIteration, csv.Error):
            return
        if row:
            yield row


def _delimiter(words: str) -> str:
    """The one that makes the most rows alike; csv.Sniffer's patterns can take for ever."""
    return max(DELIMITERS, key=lambda delimiter: _alike(words, delimiter))


def _alike(words: str, delimiter: str) -> int:
    widths = [len(row) for row in islice(_rows(words, delimiter), SAMPLE)]
    best = max(set(widths), key=widths.count, default=1)
    return widths.count(best) * min(best, MOST_COLUMNS) if best > 1 else 0


def _padded(row: list[str], width: int) -> list[str]:
    cells = [_clipped(cell) for cell in row[:width]]
    return cells + [""] * (width - len(cells))


def _clipped(cell: str) -> str:
    cell = text.visible(cell[: MOST_LETTERS + 1].strip())
    return cell[:MOST_LETTERS] + "…" if len(cell) > MOST_LETTERS else cell


def _has_head(rows: list[list[str]]) -> bool:
    """Whether the first row names the columns: words only, each its own, and a row follows."""
    first = rows[0]
    is_named = all(first) and len(set(first)) == len(first)
    return (
        is_named and len(rows) > 1 and not any(NUMBER.fullmatch(x) or DATE.match(x) for x in first)
    )


def _numeric(rows: list[list[str]]) -> list[bool]:
    """Which columns hold numbers only, to be set to the right."""
    return [
        any(column) and all(NUMBER.fullmatch(x) and not DATE.match(x) for x in column if x)
        for column in zip(*rows, strict=True)
    ]
