"""files/sending.py - what the upload page asks: what is there, what was begun, and where to."""

from __future__ import annotations

import os
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from tests.browser import Browser
from tests.files.conftest import JSON, a_file, send, token
from tests.files.tus import TUS, Tus, offset, patch
from werkzeug.test import TestResponse

from frontdesk.audit import LogEntry
from frontdesk.db import db
from frontdesk.files.unfinished import SAMPLE, SAMPLES

DATA = os.urandom(1_000_000)


@pytest.fixture
def tus(alice: Browser) -> Tus:
    return Tus(alice)


def ask(browser: Browser, *files: tuple[str, str, int]) -> Any:
    asked = [dict(zip(("name", "folder", "size"), file, strict=True)) for file in files]
    headers = {"X-CSRFToken": token(browser)}
    return browser.client.post("/upload/known", json=asked, headers=headers).json


def proof(data: bytes) -> bytes:
    """As upload.js takes it from the file that was chosen again."""
    block = min(SAMPLE, len(data))
    starts = [(len(data) - block) * n // (SAMPLES - 1) for n in range(SAMPLES)]
    return b"".join(data[start : start + block] for start in starts) if data else b""


def go_on(
    browser: Browser, address: str, at: int, data: bytes, modified: int = 5_000_000
) -> TestResponse:
    id = address.partition("?")[0].rpartition("/")[2]
    return browser.client.post(
        f"/upload/{id}/continue?offset={at}&modified={modified}",
        data=proof(data),
        headers={"X-CSRFToken": token(browser)},
        content_type="application/octet-stream",
    )


@pytest.fixture
def begun(tus: Tus) -> str:
    """Six tenths of a file have arrived."""
    address = tus.begin(len(DATA), "film.mov", folder="clips", modified="5000000")
    patch(tus.client, address, 0, DATA[:600_000])
    return address


# What is there


def test_it_tells_what_was_uploaded_before_and_what_only_has_the_name(alice: Browser) -> None:
    send(alice, a_file("a.txt", b"four"), folder="Reports")
    same, other, new = ask(
        alice, ("A.txt", "reports", 4), ("a.txt", "/reports/", 5), ("a.txt", "", 4)
    )
    assert same["same"] and same["said"].startswith("You uploaded this file on ")
    assert same["url"] == "/path/Reports/a.txt"
    assert not other["same"] and other["said"] == "A file of this name is there already."
    assert new == {"said": "", "url": "", "same": False, "begun": None}


def test_what_is_in_the_bin_or_anothers_is_not_there(alice: Browser, bob: Browser) -> None:
    send(alice, a_file("a.txt", b"four"))
    assert ask(bob, ("a.txt", "", 4))[0]["said"] == ""
    alice.visit("/path/a.txt")
    alice.visit(alice.page.link("Delete"))
    alice.submit("delete")
    assert ask(alice, ("a.txt", "", 4))[0]["said"] == ""


def test_it_finds_what_was_begun_by_name_and_size(alice: Browser, begun: str) -> None:
    size = len(DATA)
    for folder in ("", "clips"):
        found = ask(alice, ("film.mov", folder, size))[0]["begun"]
        assert found["folder"] == "clips" and found["parts"][0]["offset"] == 600_000
        assert found["parts"][0]["id"] in begun
    others = (("film.mov", "", size + 1), ("movie.mov", "", size), ("film.mov", "else", size))
    assert [one["begun"] for one in ask(alice, *others)] == [None] * 3


@pytest.mark.parametrize(
    "asked", [None, {}, [1], [{"name": "a"}], [{"name": 1, "folder": "", "size": 1}], [{}] * 101]
)
def test_it_refuses_to_guess(alice: Browser, asked: Any) -> None:
    headers = {"X-CSRFToken": token(alice)} | JSON
    answer = alice.client.post("/upload/known", json=asked, headers=headers)
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")


def test_lists_in_lists_are_no_question(alice: Browser) -> None:
    headers = {"X-CSRFToken": token(alice), "Content-Type": "application/json"} | JSON
    answer = alice.client.post("/upload/known", data=b"[" * 20_000, headers=headers)
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")


# Going on


def test_who_shows_the_same_file_goes_on_at_another_device(
    alice: Browser, begun: str, open_browser: Any
) -> None:
    phone = open_browser()
    phone.log_in("alice", "a long enough password")
    answer = go_on(phone, begun, 600_000, DATA[:600_000])
    assert answer.json == {"url": begun, "offset": 600_000, "length": len(DATA)}
    assert patch(phone.client, answer.json["url"], 600_000, DATA[600_000:]).status_code == 204
    assert alice.client.get("/path/clips/film.mov?download=1", buffered=True).data == DATA


@pytest.mark.parametrize("place", [0, 4 * (600_000 - SAMPLE) // 15, 599_999])
def test_another_file_of_the_same_name_and_size_is_not_spliced(
    alice: Browser, begun: str, place: int
) -> None:
    other = DATA[:place] + bytes([DATA[place] ^ 1]) + DATA[place + 1 : 600_000]
    answer = go_on(alice, begun, 600_000, other)
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert answer.json["detail"].startswith("This is another file than the one that was begun")
    assert "key" not in answer.text


def test_one_that_was_changed_since_is_another_file(alice: Browser, begun: str) -> None:
    assert go_on(alice, begun, 600_000, DATA[:600_000], 5_003_000).status_code == 422
    assert go_on(alice, begun, 600_000, DATA[:600_000], 5_001_000).status_code == 200


@pytest.mark.parametrize("at", [0, 599_999, 600_001, -1])
def test_it_is_proved_to_where_it_stands(alice: Browser, begun: str, at: int) -> None:
    assert go_on(alice, begun, at, DATA[: max(0, at)]).status_code == 409


def test_of_one_without_a_byte_nothing_is_to_prove(alice: Browser, tus: Tus) -> None:
    address = tus.begin(10, "a.bin")
    assert go_on(alice, address, 0, b"").json["url"] == address


def test_nobody_else_gets_at_it(bob: Browser, carol: Browser, begun: str, alice: Browser) -> None:
    assert go_on(bob, begun, 600_000, DATA[:600_000]).status_code == 404
    assert go_on(carol, begun, 600_000, DATA[:600_000]).status_code == 401
    alice.client.delete(begun, headers=TUS)
    assert go_on(alice, begun, 600_000, DATA[:600_000]).status_code == 404


# Parts


@pytest.fixture
def parts(tus: Tus) -> list[str]:
    """Two of four parts of a file were begun."""
    found = []
    for start in (0, 250_000):
        facts = {"whole": "w1", "start": str(start), "size": str(len(DATA)), "folder": "clips"}
        headers = {"Upload-Concat": "partial"}
        answer = tus.create(250_000, "film.mov", facts=facts, headers=headers)
        patch(tus.client, answer.headers["Location"], 0, DATA[start : start + 100_000])
        found.append(answer.headers["Location"])
    return found


def test_parts_of_a_file_are_one_line(alice: Browser, parts: list[str]) -> None:
    rows = alice.visit("/upload").html.select("section ul.rows li")
    assert len(rows) == 1 and "200 kB of 1.0 MB" in " ".join(rows[0].get_text(" ").split())
    begun = ask(alice, ("film.mov", "", len(DATA)))[0]["begun"]
    assert [(p["start"], p["offset"], p["length"]) for p in begun["parts"]] == [
        (0, 100_000, 250_000), (250_000, 100_000, 250_000)
    ]  # fmt: skip


def test_each_part_is_proved_for_itself(alice: Browser, parts: list[str]) -> None:
    assert go_on(alice, parts[1], 100_000, DATA[250_000:350_000]).json["url"] == parts[1]
    assert go_on(alice, parts[1], 100_000, DATA[:100_000]).status_code == 422


def test_all_parts_are_discarded_together(alice: Browser, tus: Tus, parts: list[str]) -> None:
    alice.visit("/upload")
    alice.submit("discard-1")
    for address in parts:
        assert tus.client.head(address, headers=TUS).status_code == 404


# Where to


def put_into(browser: Browser, address: str, folder: str) -> TestResponse:
    id = address.partition("?")[0].rpartition("/")[2]
    headers = {"X-CSRFToken": token(browser)}
    return browser.client.post(f"/upload/{id}/folder", data={"folder": folder}, headers=headers)


def test_a_file_that_just_came_is_put_where_it_shall_be(
    app: Flask, alice: Browser, tus: Tus
) -> None:
    send(alice, a_file("a.txt", b"older"), folder="clips")
    address = tus.send("a.txt", b"four")
    answer = put_into(alice, address, "clips/")
    assert answer.json == {"name": "a (2).txt", "url": "/path/clips/a%20%282%29.txt"}
    assert put_into(alice, address, "clips").json["name"] == "a (2).txt"
    with app.app_context():
        moves = select(LogEntry.facts).where(LogEntry.what == "file.move")
        assert len(db.session.scalars(moves).all()) == 1  # the second time nothing moved
    assert alice.client.get("/path/clips/a%20(2).txt?download=1", buffered=True).data == b"four"


def test_it_goes_into_no_file_and_from_nobody_else(alice: Browser, bob: Browser, tus: Tus) -> None:
    address = tus.send("a.txt", b"four")
    answer = put_into(alice, address, "a.txt")
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert put_into(bob, address, "x").status_code == 404
    assert put_into(alice, tus.begin(4), "x").status_code == 404
    assert offset(tus.client, address) == 4


def test_a_closed_account_asks_nothing(app: Flask, carol: Browser) -> None:
    assert carol.post("/upload/known").status == 401
