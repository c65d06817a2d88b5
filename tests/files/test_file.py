"""A file's verbs: rename, delete, undo; for its owner only."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select
from tests.browser import Browser
from tests.files.conftest import names_on, token

from frontdesk.audit import LogEntry
from frontdesk.db import db

Keep = Callable[..., str]
VERBS = ("rename", "delete", "undo")


@pytest.fixture
def logged(app: Flask) -> Callable[[str], int]:
    """How often the log says that a thing was done."""

    def logged(what: str) -> int:
        with app.app_context():
            counted = select(func.count()).where(LogEntry.what == what)
            return db.session.scalar(counted) or 0

    return logged


def rename(browser: Browser, page: str, name: str):
    browser.visit(browser.visit(page).link("Rename"))
    return browser.submit("rename", name=name)


def test_a_file_is_renamed(alice: Browser, keep: Keep) -> None:
    keep("alice", "a.txt", b"mine", "in")
    page = rename(alice, "/path/in/a.txt", "тест ?.txt")
    assert (page.status, page.location) == (303, "/path/in/%D1%82%D0%B5%D1%81%D1%82%20%3F.txt")
    where, page = page.location, alice.follow()
    assert (page.title, page.messages) == ("тест ?.txt", ["The file is now called “тест ?.txt”."])
    assert alice.visit(f"{where}?download=1").response.data == b"mine"
    assert alice.visit("/path/in/a.txt").status == 404


def test_the_form_offers_the_name_it_has(alice: Browser, keep: Keep) -> None:
    page = alice.visit(f"/file/{keep('alice', 'a.txt')}/change/rename")
    field = page.html.select_one("#rename [name=name]")
    assert field["value"] == "a.txt"
    assert page.html.select_one(f"label[for={field['id']}]").get_text().startswith("New name")


@pytest.mark.parametrize("name", ["b.txt", "B.TXT", "../b.txt"])
def test_a_name_that_is_taken_is_refused(alice: Browser, keep: Keep, name: str) -> None:
    keep("alice", "a.txt")
    keep("alice", "b.txt")
    page = rename(alice, "/path/a.txt", name)
    assert page.status == 422
    shown = name.removeprefix("../")
    assert page.errors == {"name": f"“{shown}” is there already. Choose another name."}
    assert page.title == "Rename “a.txt”"


def test_a_name_that_a_folder_has_is_refused(alice: Browser, keep: Keep) -> None:
    keep("alice", "a.txt")
    keep("alice", "b.txt", folder="reports")
    assert rename(alice, "/path/a.txt", "Reports").status == 422


def test_the_case_of_a_name_may_change(alice: Browser, keep: Keep) -> None:
    keep("alice", "a.txt")
    assert rename(alice, "/path/a.txt", "A.TXT").status == 303
    assert alice.follow().title == "A.TXT"


@pytest.mark.parametrize("name", ["", "   ", "...", "\u200b", "/"])
def test_no_name_is_refused(alice: Browser, keep: Keep, name: str) -> None:
    keep("alice", "a.txt")
    page = rename(alice, "/path/a.txt", name)
    assert (page.status, page.errors) == (422, {"name": "Enter a name"})


@pytest.mark.parametrize(
    ("raw", "name"),
    [(".htaccess", "htaccess"), ("a\x00b\u202e.txt", "ab.txt"), ("x" * 300, "x" * 255)],
)
def test_a_hostile_name_is_made_safe(alice: Browser, keep: Keep, raw: str, name: str) -> None:
    keep("alice", "a.txt")
    rename(alice, "/path/a.txt", raw)
    assert alice.follow().title == name


def test_a_new_ending_makes_no_page_of_text(alice: Browser, keep: Keep) -> None:
    keep("alice", "a.txt", b"<script>alert(1)</script>")
    rename(alice, "/path/a.txt", "a.html")
    answer = alice.visit(alice.follow().link("Download").removesuffix("?download=1")).response
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_deleted_file_is_out_of_sight(alice: Browser, keep: Keep) -> None:
    id = keep("alice", "a.txt", folder="in")
    alice.visit(alice.visit("/path/in/a.txt").link("Delete"))
    assert alice.submit("delete").status == 303
    page = alice.follow()
    assert (page.status, page.title) == (200, "“a.txt” is in the bin")
    assert page.link("Back to your files") == "/path/in"
    assert alice.visit("/path/in/a.txt").status == 404
    assert alice.visit(f"/file/{id}/a.txt").status == 404
    assert names_on(alice.visit("/path/in")) == []


def test_asking_deletes_nothing(alice: Browser, keep: Keep) -> None:
    id = keep("alice", "a.txt")
    alice.visit(f"/file/{id}/change/delete")
    assert alice.visit(alice.page.link("Keep it")).title == "a.txt"


def test_undo_brings_it_back(alice: Browser, keep: Keep) -> None:
    id = keep("alice", "a.txt", b"mine", "in")
    alice.visit(f"/file/{id}/change/delete")
    alice.submit("delete")
    alice.follow()
    assert alice.submit("undo").location == "/path/in/a.txt"
    assert alice.follow().messages == ["“a.txt” is back."]
    assert alice.visit("/path/in/a.txt?download=1").response.data == b"mine"


def test_undo_numbers_it_if_its_name_was_taken(alice: Browser, keep: Keep) -> None:
    id = keep("alice", "a.txt", b"old")
    alice.visit(f"/file/{id}/change/delete")
    alice.submit("delete")
    alice.follow()
    keep("alice", "A.txt", b"new")
    alice.submit("undo")
    assert alice.follow().messages == ["“a (2).txt” is back."]
    assert alice.visit("/path/a (2).txt?download=1").response.data == b"old"
    assert alice.visit("/path/a.txt?download=1").response.data == b"new"


def test_the_bin_is_counted(alice: Browser, keep: Keep, used: Callable[[str], int]) -> None:
    id = keep("alice", "a.txt", b"12345")
    alice.post(f"/file/{id}/change/delete")
    assert used("alice") == 5


def test_twice_is_once(alice: Browser, keep: Keep, logged: Callable[[str], int]) -> None:
    id = keep("alice", "a.txt")
    for verb, deed in (("delete", "file.delete"), ("undo", "file.undo")):
        first, second = (alice.post(f"/file/{id}/change/{verb}") for _ in range(2))
        assert first.status == second.status
        assert logged(deed) == 1


def test_what_is_in_the_bin_cannot_be_renamed(alice: Browser, keep: Keep) -> None:
    id = keep("alice", "a.txt")
    alice.post(f"/file/{id}/change/delete")
    assert alice.visit(f"/file/{id}/change/rename").status == 404
    assert alice.post(f"/file/{id}/change/rename", name="b.txt").status == 404


@pytest.mark.parametrize("verb", VERBS)
def test_another_member_finds_nothing_to_change(alice: Browser, bob: Browser, keep: Keep,
                                                verb: str) -> None:  # fmt: skip
    id = keep("alice", "a.txt", b"mine")
    assert bob.post(f"/file/{id}/change/{verb}", name="b.txt").status == 404
    assert alice.visit("/path/a.txt?download=1").response.data == b"mine"


@pytest.mark.parametrize("verb", VERBS)
def test_a_stranger_is_asked_to_log_in(carol: Browser, keep: Keep, verb: str) -> None:
    id = keep("alice", "a.txt")
    assert carol.post(f"/file/{id}/change/{verb}", name="b.txt").status == 401


@pytest.mark.parametrize("verb", VERBS)
def test_a_form_without_our_token_changes_nothing(alice: Browser, keep: Keep, verb: str) -> None:
    id = keep("alice", "a.txt")
    assert alice.post(f"/file/{id}/change/{verb}", token=False, name="b.txt").status == 400
    assert alice.visit("/path/a.txt").status == 200


@pytest.mark.parametrize(
    "id", ["8e7f5b1c-0000-4000-8000-000000000000", "1", "nonsense", "%00", "a" * 5_000]
)
@pytest.mark.parametrize("verb", VERBS)
def test_a_missing_file_is_404(alice: Browser, id: str, verb: str) -> None:
    assert alice.post(f"/file/{id}/change/{verb}", name="b.txt").status == 404


def test_undo_is_not_a_link(alice: Browser, keep: Keep) -> None:
    id = keep("alice", "a.txt")
    answer = alice.client.get(f"/file/{id}/change/undo")
    assert (answer.status_code, "POST" in answer.headers["Allow"]) == (405, True)


@pytest.mark.parametrize("verb", ["rename", "delete"])
def test_other_methods_are_refused(alice: Browser, keep: Keep, verb: str) -> None:
    url, headers = f"/file/{keep('alice', 'a.txt')}/change/{verb}", {"X-CSRFToken": token(alice)}
    answer = alice.client.put(url, headers=headers)
    assert (answer.status_code, "POST" in answer.headers["Allow"]) == (405, True)


def test_two_renames_to_one_name_leave_one_each(alice: Browser, keep: Keep) -> None:
    """The second was shown the page before the first was done."""
    first, second = keep("alice", "a.txt"), keep("alice", "b.txt")
    assert alice.post(f"/file/{first}/change/rename", name="c.txt").status == 303
    assert alice.post(f"/file/{second}/change/rename", name="C.TXT").status == 422
    assert names_on(alice.visit("/path/")) == ["b.txt", "c.txt"]
