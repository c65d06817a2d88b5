"""/path/… - a member's folders and files, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.browser import Browser
from tests.files.conftest import token

Keep = Callable[..., str]


def test_an_empty_place_invites(alice: Browser) -> None:
    page = alice.visit("/path/")
    assert (page.status, page.title) == (200, "Files")
    assert "You have no files yet." in page.text
    assert page.link("Upload files") == "/upload"


def test_a_folder_shows_what_is_in_it(alice: Browser, keep: Keep) -> None:
    keep("alice", "a.pdf", b"x" * 1_234_567, "reports/2026")
    keep("alice", "deep.pdf", folder="reports/2026/q1")
    page = alice.visit("/path/reports/2026")
    assert page.title == "2026"
    assert page.links["reports"] == "/path/reports"
    assert page.links["q1"] == "/path/reports/2026/q1"
    assert "1.2 MB" in page.text
    assert "deep.pdf" not in page.text


def test_folders_stand_before_files(alice: Browser, keep: Keep) -> None:
    keep("alice", "a.pdf")
    keep("alice", "b.pdf", folder="Zoo")
    keep("alice", "b.pdf", folder="attic")
    rows = [row.get_text() for row in alice.visit("/path/").html.select("tbody th")]
    assert [row.strip() for row in rows] == ["attic", "Zoo", "a.pdf"]


def test_a_file_has_a_page(alice: Browser, keep: Keep) -> None:
    keep("alice", "a.txt", b"12345", "reports")
    page = alice.visit("/path/reports/a.txt")
    assert (page.status, page.title) == (200, "a.txt")
    assert {"Download", "Rename", "Delete", "reports"} <= page.links.keys()
    assert "5 bytes" in page.text
    assert page.html.select_one("time[datetime]")


@pytest.mark.parametrize("url", ["/path/reports/", "/path/REPORTS", "/path/reports/A.TXT"])
def test_slash_and_case_do_not_matter(alice: Browser, keep: Keep, url: str) -> None:
    keep("alice", "a.txt", folder="reports")
    assert alice.visit(url).status == 200


@pytest.mark.parametrize(
    "url", ["/path/nothing", "/path/a.txt/b", "/path/reports/nothing", "/path/%00", "/path/.."]
)
def test_what_is_not_there_is_404(alice: Browser, keep: Keep, url: str) -> None:
    keep("alice", "a.txt")
    page = alice.visit(url)
    assert (page.status, page.title) == (404, "Page not found")


@pytest.mark.parametrize("url", ["/path/", "/path/reports", "/path/reports/a.txt?download=1"])
def test_a_stranger_is_asked_to_log_in(carol: Browser, keep: Keep, url: str) -> None:
    keep("alice", "a.txt", folder="reports")
    page = carol.visit(url)
    assert page.status == 401
    assert page.html.select_one("form#login input[name=next]")["value"] == url


@pytest.mark.parametrize(
    "url", ["/path/reports", "/path/reports/a.txt", "/path/reports/a.txt?download=1"]
)
def test_to_another_member_it_is_not_there(bob: Browser, keep: Keep, url: str) -> None:
    keep("alice", "a.txt", folder="reports")
    assert bob.visit(url).status == 404


def test_the_admin_does_not_see_members_files(root: Browser, keep: Keep) -> None:
    keep("alice", "a.txt")
    assert root.visit("/path/a.txt").status == 404


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_other_methods_are_refused(alice: Browser, method: str) -> None:
    answer = alice.client.open(
        "/path/a.txt", method=method, headers={"X-CSRFToken": token(alice)}, buffered=True
    )
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_head_says_what_get_would(alice: Browser, keep: Keep) -> None:
    keep("alice", "a.txt", b"12345")
    answer = alice.client.head("/path/a.txt?download=1")
    assert (answer.status_code, answer.headers["Content-Length"]) == (200, "5")


def test_lists_are_not_kept_by_browsers(alice: Browser) -> None:
    assert alice.visit("/path/").response.headers["Cache-Control"] == "no-store"


def test_a_path_of_a_thousand_folders_is_not_there(alice: Browser, keep: Keep) -> None:
    keep("alice", "a.txt")
    assert alice.visit("/path/" + "a/" * 1_000).status == 404
