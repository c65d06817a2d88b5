"""files/version.py - what a file held before: listed, fetched, restored, removed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from tests.browser import Browser, Page
from tests.files.conftest import JSON, a_file, names_on, send

from frontdesk.db import db
from frontdesk.files.models import Blob

ASK = "If a name is there already"


def save(browser: Browser, content: bytes, name: str = "a.txt", **headers: Any) -> Page:
    """Send a file on the upload page, as a new version."""
    browser.visit("/upload")
    file = a_file(name, content)
    return browser.submit("upload", the_file=file, on_conflict="version", headers=headers)


def got(browser: Browser, url: str = "/path/a.txt") -> bytes:
    return browser.client.get(f"{url}?download=1", buffered=True).data


def listed(browser: Browser) -> list[str]:
    page = browser.visit("/path/a.txt")
    return [row.get_text() for row in page.html.select("[aria-labelledby=versions] .name")]


# The question


def test_the_form_keeps_both_unless_told_otherwise(alice: Browser) -> None:
    send(alice, a_file("a.txt", b"one"))
    page = alice.visit("/upload")
    (question,) = [f for f in page.html.select("fieldset") if ASK in f.get_text()]
    chosen = question.select_one("input[checked]")
    assert chosen and chosen["value"] == "number"
    send(alice, a_file("a.txt", b"two"))
    assert names_on(alice.visit("/path/")) == ["a (2).txt", "a.txt"]


def test_the_form_saves_a_new_version(alice: Browser, id: str) -> None:
    assert save(alice, b"third").status == 303
    assert "“a.txt” has a new version." in alice.follow().messages
    assert names_on(alice.visit("/path/")) == ["a.txt"]
    assert got(alice) == b"third"
    assert got(alice, f"/file/{id}/a.txt") == b"third"


def test_the_same_bytes_are_said_to_be_the_same(alice: Browser, id: str) -> None:
    save(alice, b"second")
    said = "“a.txt” is the same as before. Nothing was changed."
    assert alice.follow().messages == [said]


def test_a_program_is_told_what_came_of_it(alice: Browser, id: str) -> None:
    came = [save(alice, content, **JSON).response.json[0] for content in (b"third", b"third")]
    assert [(one["id"], one["version"], one["came"]) for one in came] == [
        (id, 3, "version"),
        (id, 3, "same"),
    ]


def test_another_answer_is_refused(alice: Browser) -> None:
    alice.visit("/upload")
    page = alice.submit("upload", the_file=a_file("a.txt"), on_conflict="overwrite")
    assert page.status == 422
    assert "on_conflict" in page.errors


def test_the_files_page_leads_to_the_form_with_the_answer(
    alice: Browser, keep: Callable[..., str]
) -> None:
    keep("alice", "a.txt", folder="reports/2026")
    page = alice.visit("/path/reports/2026/a.txt")
    page = alice.visit(page.link("Upload a new version"))
    assert page.html.select_one("#folder")["value"] == "reports/2026"
    assert page.html.select_one("input[value=version]").has_attr("checked")


# The list


def test_all_versions_are_listed_and_can_be_fetched(alice: Browser, id: str) -> None:
    save(alice, b"third")
    names = [" ".join(name.split()) for name in listed(alice)]
    assert names == ["Version 3, the newest", "Version 2", "Version 1"]
    held = [got(alice, f"/file/{id}/version/{number}/a.txt") for number in (1, 2, 3)]
    assert held == [b"first", b"second", b"third"]


def test_a_file_of_one_version_has_no_list(alice: Browser, keep: Callable[..., str]) -> None:
    keep("alice", "a.txt")
    assert listed(alice) == []
    assert "The newest 20 versions are kept" in alice.page.text


def test_restoring_makes_it_the_newest_and_loses_nothing(
    alice: Browser, id: str, used: Callable[[str], int]
) -> None:
    alice.visit("/path/a.txt")
    assert alice.submit("restore-1").location == "/path/a.txt"
    assert "Version 1 is the newest again, as version 3." in alice.follow().messages
    assert got(alice) == b"first"
    assert len(listed(alice)) == 3
    assert got(alice, f"/file/{id}/version/2/a.txt") == b"second"
    assert used("alice") == 16


def test_restoring_what_is_the_newest_changes_nothing(alice: Browser, id: str) -> None:
    for _again in range(2):
        alice.post(f"/file/{id}/version/1/change/restore")
    assert "The newest version is the same. Nothing was changed." in alice.follow().messages
    assert len(listed(alice)) == 3


def test_a_version_in_the_middle_can_be_removed(
    app: Flask, alice: Browser, id: str, used: Callable[[str], int]
) -> None:
    save(alice, b"third")
    page = alice.visit(alice.visit("/path/a.txt").link("Delete version 2"))
    assert page.title == "Delete version 2 of “a.txt” for good?"
    assert used("alice") == 16
    assert alice.submit("remove").location == "/path/a.txt"
    assert "Version 2 is gone for good." in alice.follow().messages
    assert [got(alice, f"/file/{id}/version/{n}/a.txt") for n in (1, 3)] == [b"first", b"third"]
    assert alice.visit(f"/file/{id}/version/2/a.txt").status == 404
    assert used("alice") == 10
    with app.app_context():
        assert len(db.session.scalars(select(Blob)).all()) == 2
    save(alice, b"fourth")
    assert len(listed(alice)) == 3 and "Version 4" in listed(alice)[0]


def test_removing_one_of_two_that_share_their_bytes_leaves_the_other(
    alice: Browser, id: str
) -> None:
    alice.post(f"/file/{id}/version/1/change/restore")
    alice.post(f"/file/{id}/version/1/change/remove")
    assert got(alice) == b"first"


@pytest.mark.parametrize("what", ["a.txt", "change/restore", "change/remove"])
def test_nobody_else_reaches_them(
    what: str, alice: Browser, bob: Browser, carol: Browser, id: str
) -> None:
    address = f"/file/{id}/version/1/{what}"
    is_form = what.startswith("change")
    assert (bob.post(address) if is_form else bob.visit(address)).status == 404
    assert (carol.post(address) if is_form else carol.visit(address)).status == 401
    missing = address.replace("version/1/", "version/7/"), address.replace("/1/", f"/{2**70}/")
    for gone in missing:
        assert (alice.post(gone) if is_form else alice.visit(gone)).status == 404


def test_what_is_in_the_bin_has_no_versions_to_reach(alice: Browser, id: str) -> None:
    alice.post(f"/file/{id}/change/delete")
    assert alice.visit(f"/file/{id}/version/1/a.txt").status == 404
    assert alice.visit(f"/file/{id}/version/1/change/remove").status == 404
    assert alice.post(f"/file/{id}/version/1/change/restore").status == 404
