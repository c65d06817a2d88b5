"""programs.py - folders, searches and files as programs see them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from tests.browser import Browser
from tests.files.program import Program, says

from frontdesk.files import paging

JSON = {"Accept": "application/json"}
FILE = {"id", "name", "path", "size", "type", "sha256", "url", "created_at"}


def names(found: list[dict[str, Any]]) -> list[str]:
    return [thing["name"] for thing in found]


def test_a_folder_lists_its_folders_and_files(program: Program) -> None:
    for path in ("a/b%20c/1.txt", "a/2.txt", "a/%E6%96%87.txt", "3.txt"):
        program.put(f"/path/{path}")
    said = program.ask("GET", "/path/a/").json
    assert said.keys() == {"path", "folders", "files", "next"}
    assert (said["path"], said["next"]) == ("a", None)
    assert said["folders"] == [{"name": "b c", "path": "a/b c", "url": "/path/a/b%20c/"}]
    assert [file["path"] for file in said["files"]] == ["a/2.txt", "a/文.txt"]
    assert program.ask("GET", said["folders"][0]["url"]).json["path"] == "a/b c"


def test_a_line_says_what_the_files_own_description_says(program: Program) -> None:
    put = program.put("/path/a.txt").json
    (line,) = program.ask("GET", "/path/").json["files"]
    assert line.keys() == FILE
    alone = program.ask("GET", "/path/a.txt").json
    assert put == alone == line | {"version": 1}


def test_times_are_utc(program: Program) -> None:
    created = program.put("/path/a.txt").json["created_at"]
    assert created.endswith("Z") and datetime.fromisoformat(created).tzinfo


def test_an_empty_place_is_a_list_too(program: Program) -> None:
    said = program.ask("GET", "/path/").json
    assert said == {"path": "", "folders": [], "files": [], "next": None}


def test_long_lists_are_read_page_by_page(
    program: Program, keep: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "A_PAGE", 3)
    for number in range(8):
        keep("alice", f"{number}.txt", folder="in")
    found, address = [], "/path/in/"
    while address:
        said = program.ask("GET", address).json
        found.append(names(said["files"]))
        address = said["next"]
    assert found == [["0.txt", "1.txt", "2.txt"], ["3.txt", "4.txt", "5.txt"], ["6.txt", "7.txt"]]


def test_a_search_is_read_page_by_page(
    program: Program, keep: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "A_PAGE", 2)
    for number in range(3):
        keep("alice", f"R&D {number}.txt", folder=f"f{number}")
    keep("alice", "other.txt")
    first = program.ask("GET", "/path/?key=r%26d").json
    second = program.ask("GET", first["next"]).json
    assert [file["path"] for file in first["files"]] == ["f0/R&D 0.txt", "f1/R&D 1.txt"]
    assert (names(second["files"]), second["next"]) == (["R&D 2.txt"], None)


def test_a_browser_gets_pages_and_its_scripts_get_json(alice: Browser, program: Program) -> None:
    program.put("/path/a.txt")
    for address in ("/path/", "/path/a.txt"):
        assert alice.visit(address, Accept="text/html").title
        answer = alice.client.get(address, headers=JSON)
        assert (answer.status_code, answer.mimetype) == (200, "application/json")


def test_head_tells_the_size_without_the_bytes(program: Program) -> None:
    program.put("/path/a.txt")
    answer = program.ask("HEAD", "/path/a.txt?download=1")
    assert (answer.status_code, answer.headers["Content-Length"], answer.data) == (200, "7", b"")
    assert program.ask("HEAD", "/path/a.txt").status_code == 200


def test_a_part_is_fetched_by_range(program: Program) -> None:
    program.put("/path/a.txt", b"0123456789")
    answer = program.ask("GET", "/path/a.txt?download=1", Range="bytes=2-4")
    assert (answer.status_code, answer.data) == (206, b"234")


@pytest.mark.parametrize("address", ["/path/nothing", "/path/nothing/", "/path/a.txt/b"])
def test_what_is_not_there(program: Program, address: str) -> None:
    program.put("/path/a.txt")
    says(program.ask("GET", address), 404)


def test_markup_in_a_name_stays_text(program: Program) -> None:
    program.put("/path/%3Cb%3E.txt")
    answer = program.ask("GET", "/path/")
    assert names(answer.json["files"]) == ["<b>.txt"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
