"""/path/?key= - find a file by a part of its name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.browser import Browser
from tests.files.conftest import names_on

from frontdesk.files import listing

Keep = Callable[..., str]


@pytest.mark.parametrize("key", ["port", "REPORT", "2026", ".pdf", " report ", "t 2"])
def test_a_part_of_the_name_is_enough(alice: Browser, keep: Keep, key: str) -> None:
    keep("alice", "Report 2026.pdf")
    keep("alice", "photo.jpg")
    alice.visit("/path/")
    assert names_on(alice.submit("search", key=key)) == ["Report 2026.pdf"]


@pytest.mark.parametrize(
    ("name", "key"), [("Übung.pdf", "ÜB"), ("报告.pdf", "告"), ("ΟΔΟΣ", "οδος")]
)
def test_it_knows_letters_of_all_alphabets(alice: Browser, keep: Keep, name: str, key: str) -> None:
    keep("alice", name)
    assert names_on(alice.visit(f"/path/?key={key}")) == [name]


def test_letters_may_be_composed_or_not(alice: Browser, keep: Keep) -> None:
    keep("alice", "\u00dcbung.pdf")
    assert names_on(alice.visit("/path/?key=U\u0308bung")) == ["\u00dcbung.pdf"]


@pytest.mark.parametrize("key", ["%", "_", "\\", "100%", "a_b"])
def test_wildcards_are_letters(alice: Browser, keep: Keep, key: str) -> None:
    keep("alice", "plain.txt")
    keep("alice", "axb.txt")
    keep("alice", "100% a_b.txt")
    alice.visit("/path/")
    found = names_on(alice.submit("search", key=key))
    assert found == ([] if key == "\\" else ["100% a_b.txt"])


def test_it_looks_in_the_folders_below(alice: Browser, keep: Keep) -> None:
    keep("alice", "one.pdf", folder="reports")
    keep("alice", "two.pdf", folder="reports/2026/q 1")
    keep("alice", "three.pdf")
    page = alice.visit("/path/reports?key=.pdf")
    assert names_on(page) == ["one.pdf", "two.pdf"]
    assert alice.visit(page.links["two.pdf"]).title == "two.pdf"


def test_it_looks_nowhere_else(alice: Browser, bob: Browser, keep: Keep) -> None:
    keep("alice", "one.pdf", folder="reports")
    keep("bob", "bobs.pdf", folder="reports")
    keep("alice", "beside.pdf", folder="reports 2")
    assert names_on(alice.visit("/path/reports?key=.pdf")) == ["one.pdf"]
    assert names_on(bob.visit("/path/?key=.pdf")) == ["bobs.pdf"]


def test_nothing_found_is_said(alice: Browser, keep: Keep) -> None:
    keep("alice", "a.txt")
    page = alice.visit("/path/?key=<b>zebra")
    assert "No files match “<b>zebra”." in page.text
    assert page.html.select_one("#key")["value"] == "<b>zebra"
    assert names_on(alice.visit(page.link("Clear the search"))) == ["a.txt"]


@pytest.mark.parametrize("key", ["", " ", "%20"])
def test_an_empty_search_is_the_folder(alice: Browser, keep: Keep, key: str) -> None:
    keep("alice", "a.txt", folder="in")
    assert "in" in alice.visit(f"/path/?key={key}").links


@pytest.mark.parametrize(
    "key", ["x" * 10_000, "%00", "%FF%FE", "'; DROP TABLE files; --", "\u202e"]
)
def test_any_text_can_be_searched(alice: Browser, keep: Keep, key: str) -> None:
    keep("alice", "a.txt")
    assert alice.visit(f"/path/?key={key}").status == 200


def test_what_is_in_the_bin_is_not_found(alice: Browser, keep: Keep) -> None:
    id = keep("alice", "a.txt")
    alice.visit(f"/file/{id}/change/delete")
    alice.submit("delete")
    assert names_on(alice.visit("/path/?key=a.txt")) == []
    assert names_on(alice.visit("/path/")) == []
    assert "a.txt" not in alice.visit("/hello/").text


def test_folders_are_found_too_and_stand_first(alice: Browser, keep: Keep) -> None:
    keep("alice", "a.txt", folder="Reports/2026")
    keep("alice", "A report.pdf", folder="in")
    page = alice.visit("/path/?key=report")
    rows = [" ".join(row.get_text().split()) for row in page.html.select("tbody th")]
    assert rows == ["Reports", "A report.pdf in"]
    assert alice.visit(page.links["Reports"]).title == "Reports"


def test_all_words_must_be_in_the_name(alice: Browser, keep: Keep) -> None:
    keep("alice", "Report spring.pdf")
    keep("alice", "Report autumn.pdf")
    alice.visit("/path/")
    assert names_on(alice.submit("search", key="spring repo")) == ["Report spring.pdf"]


def test_a_folder_in_the_bin_takes_along_what_is_found_in_it(alice: Browser, keep: Keep) -> None:
    keep("alice", "a.txt", folder="gone/deep")
    alice.visit("/path/gone")
    alice.visit(alice.page.link("Delete"))
    alice.submit("delete")
    page = alice.visit("/path/?key=a.txt")
    assert names_on(page) == [] and "No files match" in page.text
    assert "deep" not in alice.visit("/path/?key=deep").links


def test_a_search_is_sorted_as_asked(alice: Browser, keep: Keep) -> None:
    keep("alice", "b.txt", b"1", "x")
    keep("alice", "a.txt", b"333", "y")
    keep("alice", "c.txt", b"22")
    assert names_on(alice.visit("/path/?key=txt")) == ["a.txt", "b.txt", "c.txt"]
    found = alice.visit("/path/?key=txt&sort=size&order=desc")
    assert names_on(found) == ["a.txt", "c.txt", "b.txt"]
    assert found.link("Size") == "/path/?key=txt&sort=size&order=asc", "the search stays"


def test_more_than_it_shows_is_said(
    alice: Browser, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        keep("alice", f"{number}.txt")
    said = "More than 2 match"
    monkeypatch.setattr(listing, "MOST", 2)
    assert said in alice.visit("/path/?key=txt").text
    assert said not in alice.visit("/path/?key=1.txt").text
