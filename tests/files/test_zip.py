"""files/zip.py - folders and selections as one zip, made while it is sent."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from tests.browser import Browser
from tests.files.conftest import JSON

from frontdesk.db import db
from frontdesk.files import packing
from frontdesk.files.models import File, Folder

FOLDER = "/path/Berichte 报告"


def opened(data: bytes) -> zipfile.ZipFile:
    found = zipfile.ZipFile(io.BytesIO(data))
    assert found.testzip() is None
    return found


def get(browser: Browser, address: str = FOLDER) -> Any:
    return browser.client.get(f"{address}?zip=1", buffered=True)


def id_of(app: Flask, name: str) -> str:
    with app.app_context():
        return str(db.session.scalar(select(Folder.id).where(Folder.name == name)))


# A folder


def test_a_folder_comes_with_all_that_is_in_it(alice: Browser, reports: None) -> None:
    answer = get(alice)
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    found = opened(answer.data)
    assert found.namelist() == [
        "Berichte 报告/",
        "Berichte 报告/2026/",
        "Berichte 报告/empty/",
        "Berichte 报告/a.txt",
        "Berichte 报告/2026/film.bin",
        "Berichte 报告/2026/large.bin",
        "Berichte 报告/2026/Ölbild 你.txt",
    ]
    assert found.read("Berichte 报告/2026/Ölbild 你.txt") == b"second"
    assert found.read("Berichte 报告/2026/large.bin") == bytes(3_000_000)


def test_it_is_named_and_can_do_no_harm(alice: Browser, reports: None) -> None:
    headers = get(alice).headers
    assert "filename*=UTF-8''Berichte%20%E6%8A%A5%E5%91%8A.zip" in headers["Content-Disposition"]
    assert headers["Content-Disposition"].startswith("attachment;")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]


def test_names_and_times_are_kept(alice: Browser, reports: None) -> None:
    info = opened(get(alice).data).getinfo("Berichte 报告/2026/Ölbild 你.txt")
    assert info.flag_bits & 0x800, "the name is marked as UTF-8"
    age = datetime.now(UTC) - datetime(*info.date_time, tzinfo=UTC)
    assert timedelta(seconds=-2) <= age < timedelta(minutes=2)
    assert info.external_attr >> 16 == 0o100644


def test_its_time_is_the_files_not_the_downloads(alice: Browser, app: Flask, reports: None) -> None:
    with app.app_context():
        for file in db.session.scalars(select(File)):
            file.created_at = datetime(1999, 12, 31, 23, 58, 56, tzinfo=UTC)
        db.session.commit()
    info = opened(get(alice).data).getinfo("Berichte 报告/a.txt")
    assert info.date_time == (1999, 12, 31, 23, 58, 56)


@pytest.mark.skipif(not shutil.which("unzip"), reason="unzip isn't installed")
def test_unzip_finds_no_fault(alice: Browser, reports: None, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(get(alice).data)
    said = subprocess.run(["unzip", "-t", path], capture_output=True, text=True, check=True)
    assert "No errors detected" in said.stdout


def test_everything_comes_without_a_folder_around_it(alice: Browser, reports: None) -> None:
    answer = get(alice, "/path/")
    assert 'filename="Files.zip"' in answer.headers["Content-Disposition"]
    names = opened(answer.data).namelist()
    assert {"Berichte 报告/", "Berichte 报告 2/beside.txt"} <= set(names)


def test_nothing_at_all_is_an_empty_zip(bob: Browser) -> None:
    assert opened(get(bob, "/path/").data).namelist() == []


def test_head_tells_the_length(alice: Browser, reports: None) -> None:
    whole = get(alice)
    answer = alice.client.head(f"{FOLDER}?zip=1")
    assert answer.headers["Content-Length"] == whole.headers["Content-Length"]
    assert answer.data == b""


def test_nobody_else_gets_it(bob: Browser, carol: Browser, reports: None) -> None:
    assert get(bob).status_code == 404
    assert get(carol).status_code == 401


def test_pages_lead_to_it(app: Flask, alice: Browser, reports: None) -> None:
    page = alice.visit(FOLDER)
    assert opened(alice.client.get(page.link("Download"), buffered=True).data)
    page = alice.visit("/path/")
    assert opened(alice.client.get(page.link("Download all as a zip"), buffered=True).data)
    button = page.html.select_one("#things button[formaction='/zip']")
    assert button and "Download" in button.get_text()


# A selection


def post(browser: Browser, **chosen: Any) -> Any:
    return browser.post("/zip", **chosen).response


def test_a_selection_comes_as_one(app: Flask, alice: Browser, reports: None, keep: Any) -> None:
    one = keep("alice", "one.txt", b"one")
    answer = post(alice, file=[one], folder=[id_of(app, "2026")])
    assert 'filename="Files.zip"' not in answer.headers["Content-Disposition"]
    found = opened(answer.data)
    inside = ["2026/film.bin", "2026/large.bin", "2026/Ölbild 你.txt"]
    assert found.namelist() == ["2026/", *inside, "one.txt"]


def test_names_that_come_twice_get_a_number(alice: Browser, keep: Any) -> None:
    ids = [keep("alice", "A.txt", b"1", "x"), keep("alice", "a.TXT", b"2", "y"),
           keep("alice", "a (2).txt", b"3", "z")]  # fmt: skip
    found = opened(post(alice, file=ids).data)
    assert len({name.casefold() for name in found.namelist()}) == 3
    assert sorted(found.read(name) for name in found.namelist()) == [b"1", b"2", b"3"]


def test_one_thing_gives_the_zip_its_name(app: Flask, alice: Browser, keep: Any) -> None:
    id = keep("alice", "a.tar.gz")
    assert 'filename="a.zip"' in post(alice, file=[id]).headers["Content-Disposition"]


def test_one_that_is_not_theirs_refuses_all(
    alice: Browser, bob: Browser, carol: Browser, keep: Any
) -> None:
    mine, theirs = keep("alice", "a.txt"), keep("bob", "b.txt")
    assert post(alice, file=[mine, theirs]).status_code == 404
    assert post(alice, file=[mine], folder=[str(uuid4())]).status_code == 404
    assert post(alice, file=["nonsense"]).status_code == 404
    assert carol.post("/zip", file=[mine]).status == 401
    assert alice.post("/zip", token=False, file=[mine]).status == 400
    assert alice.visit("/zip").status == 405


def test_nothing_selected_is_said(alice: Browser) -> None:
    assert post(alice).status_code == 303
    assert "Select files or folders first." in alice.follow().messages


def test_too_much_is_said(alice: Browser, reports: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "MOST", 5)
    said = "A zip holds at most 5 files and folders. Download them in parts."
    assert get(alice).status_code == 303
    assert said in alice.visit(FOLDER).messages
    refused = alice.client.get(f"{FOLDER}?zip=1", headers=JSON)
    assert (refused.status_code, refused.json["detail"]) == (413, said)


# Names


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        ("a.txt", "a.txt"),
        ('Why? "a:b" <c|d>*.txt', "Why_ _a_b_ _c_d__.txt"),
        ("con", "con_"),
        ("Aux.txt", "Aux_.txt"),
        ("console.txt", "console.txt"),
        ("favicon.ico", "favicon.ico"),
        ("com1.tar.gz", "com1_.tar.gz"),
        ("a/../b", "a_.._b"),
        ("ends.", "ends._"),
    ],
)
def test_every_system_can_write_the_names(name: str, packed: str) -> None:
    assert packing.safe(name) == packed
