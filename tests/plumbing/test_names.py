"""Names that people give, and what is kept of them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.files.names import clean, folder_parts, key, numbered, split

# Mostly what could go wrong: separators, dots, spaces, combining marks, controls, bidi.
nasty = (
    st.text(st.sampled_from("ab.é\u0301 /\\\x00\r\n\t\u202e\u200b\u2066ß报İŉ\U0001f600"))
    | st.text()
)


@pytest.mark.parametrize(
    "name",
    ["a.pdf", "тест.pdf", "报告.pdf", "😀.png", "❤️.txt", "a b (2).tar.gz", "café", "a'b\"c%<>.x"],
)
def test_an_ordinary_name_stays(name: str) -> None:
    assert clean(name) == name


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\a.txt", "a.txt"),
        ("a/b\\c/../d.txt", "d.txt"),
        ("..", "file"),
        (".", "file"),
        ("...", "file"),
        ("", "file"),
        (" . . ", "file"),
        ("a/", "file"),
        (".htaccess", "htaccess"),
        (" .htaccess", "htaccess"),
        ("\u200b.htaccess", "htaccess"),
        ("a.txt. . ", "a.txt"),
        ("a.exe\u00a0", "a.exe"),
        ("a\x00.txt", "a.txt"),
        ("a\r\nSet-Cookie: x.txt", "aSet-Cookie: x.txt"),
        ("invoice\u202egpj.exe", "invoicegpj.exe"),
        ("a\u2066b\u2069.txt", "ab.txt"),
        ("a\u200b\u200d\ufeff\u00ad.txt", "a.txt"),
        ("a\u2028b", "ab"),
        ("\u3164\u2800", "file"),
        ("\ud800.txt", "txt"),
        ("cafe\u0301.txt", "café.txt"),
    ],
)
def test_what_could_do_harm_is_gone(raw: str, name: str) -> None:
    assert clean(raw) == name


def test_a_long_name_keeps_its_extension() -> None:
    assert clean("x" * 300 + ".pdf") == "x" * 251 + ".pdf"
    assert clean("报" * 300 + ".tar.gz") == "报" * 82 + ".tar.gz"
    assert clean("x" * 300) == "x" * 255
    assert clean("a." + "x" * 300) == "a." + "x" * 253


@given(nasty)
def test_any_name_is_clean_once_cleaned(raw: str) -> None:
    name = clean(raw)
    assert 0 < len(name.encode()) <= 255
    assert clean(name) == name
    assert not set("/\\") & set(name) and name[0] != "." and name[-1] not in ". "
    assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs"} for c in name)
    assert unicodedata.is_normalized("NFC", name)


@given(nasty.map(lambda text: text * 40))
def test_any_long_name_fits(raw: str) -> None:
    name = clean(raw)
    assert len(name.encode()) <= 255 and clean(name) == name


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        ("reports/2026", ["reports", "2026"]),
        ("/reports//2026/", ["reports", "2026"]),
        ("reports/../2026/.", ["reports", "2026"]),
        ("报告\\2026", ["报告", "2026"]),
        ("", []),
        ("../..", []),
        (".git/config", ["git", "config"]),
        ("a\x00/\u200b/b", ["a", "b"]),
    ],
)
def test_a_folder_is_a_path_of_clean_names(raw: str, parts: list[str]) -> None:
    assert folder_parts(raw) == parts


def test_a_folder_is_at_most_32_deep() -> None:
    assert len(folder_parts("/".join("abcdefgh" * 100))) == 32


@given(nasty)
def test_any_folder_reads_back(raw: str) -> None:
    parts = folder_parts(raw)
    assert folder_parts("/".join(parts)) == parts
    assert all(clean(part) == part for part in parts)


def test_names_that_differ_by_case_only_are_one() -> None:
    for one, other in [
        ("A.PDF", "a.pdf"),
        ("Straße", "STRASSE"),
        ("Тест", "ТЕСТ"),
        ("É", "e\u0301"),
    ]:
        assert key(one) == key(other)
    assert key("a") != key("á")


@given(nasty)
def test_a_key_is_its_own_key(raw: str) -> None:
    name = clean(raw)
    assert key(key(name)) == key(name)
    assert key(unicodedata.normalize("NFD", name)) == key(name)


@pytest.mark.parametrize(
    ("name", "second"),
    [
        ("a.pdf", "a (2).pdf"),
        ("a", "a (2)"),
        ("backup.tar.gz", "backup (2).tar.gz"),
        ("v1.2 notes", "v1.2 notes (2)"),
        ("报告.pdf", "报告 (2).pdf"),
        ("x" * 251 + ".pdf", "x" * 247 + " (2).pdf"),
    ],
)
def test_a_second_one_is_numbered_before_its_extension(name: str, second: str) -> None:
    assert numbered(name, 2) == second


@given(nasty | nasty.map(lambda text: text * 40), st.integers(2, 10**6))
def test_any_number_makes_a_clean_new_name(raw: str, n: int) -> None:
    name = clean(raw)
    other = numbered(name, n)
    assert clean(other) == other
    assert key(other) != key(name)
    assert split(other)[1] == split(name)[1]
