"""/upload - what a program gets that asks for JSON."""

from __future__ import annotations

import hashlib
from pathlib import Path
from uuid import UUID

import pytest
from tests.browser import Browser
from tests.files.conftest import JSON, a_file, send


def test_a_program_gets_a_list_of_its_files(alice: Browser) -> None:
    answer = send(alice, a_file("a.pdf", b"%PDF-1"), a_file("b.bin", b"\0\1"), folder="in", **JSON)
    assert (answer.response.status_code, answer.response.mimetype) == (201, "application/json")
    first, second = answer.response.json
    assert first == {
        "id": str(UUID(first["id"])),
        "name": "a.pdf",
        "path": "in/a.pdf",
        "size": 6,
        "type": "application/pdf",
        "sha256": hashlib.sha256(b"%PDF-1").hexdigest(),
        "url": f"/file/{first['id']}/a.pdf",
        "version": 1,
        "came": "new",
    }
    assert (second["path"], second["size"]) == ("in/b.bin", 2)


def test_the_url_gives_the_bytes_back(alice: Browser) -> None:
    content = Path(__file__).read_bytes() * 100
    (file,) = send(alice, a_file("тест 100%.py", content), **JSON).response.json
    answer = alice.client.get(file["url"], buffered=True)
    assert answer.status_code == 200
    assert answer.data == content


def test_a_number_behind_the_name_stands_in_the_answer(alice: Browser) -> None:
    send(alice, a_file("a.pdf"))
    (file,) = send(alice, a_file("a.pdf"), **JSON).response.json
    assert (file["name"], file["path"]) == ("a (2).pdf", "a (2).pdf")


def test_the_outermost_folder_has_no_name_in_paths(alice: Browser) -> None:
    (file,) = send(alice, a_file("a.pdf"), folder="///", **JSON).response.json
    assert file["path"] == "a.pdf"


@pytest.mark.parametrize("accept", ["*/*", "text/html", "text/html,application/json;q=0.9"])
def test_who_takes_html_is_sent_on(alice: Browser, accept: str) -> None:
    assert send(alice, a_file("a.pdf"), Accept=accept).status == 303
