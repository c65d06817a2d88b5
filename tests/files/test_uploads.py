"""files/uploads.py - an upload in pieces becomes a file, byte for byte, once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select
from tests.browser import Browser
from tests.files.conftest import names_on, token
from tests.files.tus import TUS, Tus, metadata, offset, patch

from frontdesk.accounts import service as accounts
from frontdesk.db import db
from frontdesk.files import service, uploads
from frontdesk.files.models import Blob, File, Upload
from frontdesk.settings import BadSetting

DATA = os.urandom(300_000)


@pytest.fixture
def tus(alice: Browser) -> Tus:
    return Tus(alice)


def got(browser: Browser, path: str) -> bytes:
    return browser.client.get(f"/path/{path}?download=1", buffered=True).data


def id_of(address: str) -> UUID:
    return UUID(address.partition("?")[0].rpartition("/")[2])


# What comes of it


def test_a_file_in_pieces_is_there_byte_for_byte(
    app: Flask, tus: Tus, alice: Browser, used: Callable[[str], int]
) -> None:
    address = tus.begin(len(DATA), "Ölbild 你.bin", folder="2026/in")
    assert address.startswith("/uploads/") and "?key=" in address
    assert patch(tus.client, address, 0, DATA[:100_000]).status_code == 204
    assert offset(tus.client, address) == 100_000
    assert used("alice") == 0
    assert patch(tus.client, address, 100_000, DATA[100_000:]).status_code == 204
    assert offset(tus.client, address) == len(DATA)
    assert got(alice, "2026/in/Ölbild 你.bin") == DATA
    assert used("alice") == len(DATA)
    with app.app_context():
        blob = db.session.get(Blob, id_of(address))
        assert blob and blob.sha256 == hashlib.sha256(DATA).hexdigest()
        assert db.session.scalars(select(Upload)).all() == []


def test_the_state_is_told_as_json(tus: Tus) -> None:
    address = tus.begin(4, "a.txt", folder="in")
    before = tus.client.get(address, headers=TUS).json
    assert (before["offset"], before["length"], before["finished"]) == (0, 4, False)
    patch(tus.client, address, 0, b"four")
    after = tus.client.get(address, headers=TUS).json
    assert (after["offset"], after["length"], after["finished"]) == (4, 4, True)
    assert after["result"]["name"] == "a.txt" and after["result"]["url"] == "/path/in/a.txt"


def test_the_first_bytes_may_come_with_the_creation(tus: Tus, alice: Browser) -> None:
    answer = tus.create(4, "a.txt", data=b"four", content_type="application/offset+octet-stream")
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "4")
    assert got(alice, "a.txt") == b"four"


def test_an_empty_file_is_refused_as_by_the_form(app: Flask, tus: Tus) -> None:
    answer = tus.create(0, "empty.txt")
    assert (answer.status_code, answer.json["detail"]) == (422, "“empty.txt” is empty")
    with app.app_context():
        assert db.session.scalars(select(Upload)).all() == []


def test_who_has_the_keys_of_all_parts_puts_them_together_after_the_log_in_has_ended(
    tus: Tus, alice: Browser, carol: Browser
) -> None:
    headers = {"Upload-Concat": "partial"}
    part = tus.create(4, "a.txt", headers=headers).headers["Location"]
    patch(tus.client, part, 0, b"four")
    alice.visit("/logout")
    alice.submit("logout")
    final = {**TUS, "Upload-Metadata": metadata(filename="a.txt")}
    wrong = final | {"Upload-Concat": f"final;{part}x"}
    assert carol.client.post("/uploads/", headers=wrong).status_code == 404
    right = final | {"Upload-Concat": f"final;{part}"}
    assert carol.client.post("/uploads/", headers=right).status_code == 201
    alice.log_in("alice", "a long enough password")
    assert got(alice, "a.txt") == b"four"


def test_a_closed_account_gets_nothing_more_in_spite_of_the_key(
    app: Flask, tus: Tus, carol: Browser
) -> None:
    address = tus.begin(8, "a.txt")
    part = tus.create(4, "b.txt", headers={"Upload-Concat": "partial"}).headers["Location"]
    patch(tus.client, part, 0, b"four")
    with app.app_context():
        owner = accounts.find("alice")
        assert owner
        accounts.set_enabled(owner, enabled=False)
    answer = patch(carol.client, address, 0, b"all of it")
    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    assert carol.client.get(address).status_code == 403
    final = {**TUS, "Upload-Concat": f"final;{part}"}
    assert carol.client.post("/uploads/", headers=final).status_code == 403
    with app.app_context():
        assert db.session.scalars(select(File)).all() == []


def test_a_length_may_be_told_later(tus: Tus, alice: Browser) -> None:
    address = tus.begin(None, "a.bin")
    assert patch(tus.client, address, 0, DATA[:1000]).status_code == 204
    assert (
        patch(tus.client, address, 1000, DATA[1000:2000], Upload_Length="2000").status_code == 204
    )
    assert got(alice, "a.bin") == DATA[:2000]


def test_a_name_that_is_taken_gets_a_number(tus: Tus, alice: Browser) -> None:
    tus.send("a.txt", b"one")
    tus.send("A.TXT", b"two")
    assert sorted(names_on(alice.visit("/path/"))) == ["A (2).TXT", "a.txt"]


@pytest.mark.parametrize(
    ("said", "kept"),
    [("../../etc/passwd", "passwd"), (".htaccess", "htaccess"), ("", "file"), ("a\r\nb", "ab")],
)
def test_a_hostile_name_is_cleaned(tus: Tus, alice: Browser, said: str, kept: str) -> None:
    tus.send(said, b"x", folder="../..//x/../y")
    assert names_on(alice.visit("/path/x/y")) == [kept]


def test_where_a_file_has_the_folders_name_it_comes_to_the_outermost(
    tus: Tus, alice: Browser
) -> None:
    tus.send("reports", b"a file")
    tus.send("b.txt", b"content", folder="reports")
    assert got(alice, "b.txt") == b"content"


def test_parallel_parts_become_one_file(
    app: Flask, tus: Tus, alice: Browser, used: Callable[[str], int]
) -> None:
    parts = []
    for piece in (DATA[:1000], DATA[1000:5000]):
        answer = tus.create(len(piece), "part", headers={"Upload-Concat": "partial"})
        parts.append(answer.headers["Location"])
        patch(tus.client, parts[-1], 0, piece)
    headers = {
        **TUS,
        "X-CSRFToken": tus.token,
        "Upload-Concat": "final;" + " ".join(parts),
        "Upload-Metadata": metadata(filename="whole.bin"),
    }
    assert tus.client.post("/uploads/", headers=headers).status_code == 201
    assert got(alice, "whole.bin") == DATA[:5000]
    assert used("alice") == 5000
    with app.app_context():
        assert db.session.scalars(select(Upload)).all() == []


def test_finishing_twice_makes_one_file(app: Flask, tus: Tus, alice: Browser) -> None:
    address = tus.send("a.txt", b"content")
    with app.test_request_context():
        found = uploads.resumable.uploads.find(id_of(address))
        uploads._finish(found)
    assert names_on(alice.visit("/path/")) == ["a.txt"]


def test_it_is_not_told_as_done_before_the_row_is_there(
    app: Flask, tus: Tus, alice: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes lie in their place already when the database fails; the next look finishes."""
    address = tus.begin(7, "a.txt")
    app.config["PROPAGATE_EXCEPTIONS"] = False

    def fail(*_: object) -> None:
        raise RuntimeError("the database is gone")

    with monkeypatch.context() as patched:
        patched.setattr(uploads, "_take_over", fail)
        assert patch(tus.client, address, 0, b"content").status_code == 500
        assert tus.client.head(address, headers=TUS).status_code == 500
        with app.app_context():
            assert uploads.resumable.uploads.find(id_of(address)).shown == 0
    assert offset(tus.client, address) == 7
    assert got(alice, "a.txt") == b"content"


# Who may


def test_a_stranger_creates_nothing(carol: Browser) -> None:
    headers = {**TUS, "Upload-Length": "4"}
    answer = carol.client.post("/uploads/", headers=headers | {"X-CSRFToken": token(carol)})
    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert answer.json["detail"] == "Log in to upload files."


@pytest.mark.parametrize("given", [None, "", "wrong"])
def test_no_other_page_makes_a_member_create_one(tus: Tus, given: str | None) -> None:
    headers = {**TUS, "Upload-Length": "4"} | ({} if given is None else {"X-CSRFToken": given})
    assert tus.client.post("/uploads/", headers=headers).status_code == 400
    by_form = tus.client.post("/uploads/", headers=headers, data={"csrf_token": tus.token})
    assert by_form.status_code == 415


@pytest.mark.parametrize(
    "header", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_nothing_is_obeyed_that_another_site_sends(tus: Tus, header: dict[str, str]) -> None:
    assert tus.create(4, headers=header).status_code == 400
    address = tus.begin(4)
    headers = {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    for method in ("PATCH", "DELETE"):
        answer = tus.client.open(address, method=method, headers=headers | header, data=b"four")
        assert answer.status_code == 400
    assert offset(tus.client, address) == 0


def test_the_key_alone_goes_on_after_the_log_in_has_ended(
    tus: Tus, alice: Browser, carol: Browser
) -> None:
    address = tus.begin(8, "a.txt")
    patch(tus.client, address, 0, b"four")
    alice.visit("/logout")
    alice.submit("logout")
    assert offset(carol.client, address) == 4
    assert patch(carol.client, address, 4, b"more").status_code == 204
    alice.log_in("alice", "a long enough password")
    assert got(alice, "a.txt") == b"fourmore"


def test_the_key_may_stand_in_a_header(tus: Tus, carol: Browser) -> None:
    path, _, key = tus.begin(8).partition("?key=")
    assert carol.client.head(path, headers={**TUS, "Upload-Key": key}).status_code == 200


@pytest.mark.parametrize("method", ["HEAD", "GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("query", ["", "?key=", "?key=wrong"])
def test_without_the_key_there_is_no_such_upload(
    app: Flask, tus: Tus, alice: Browser, bob: Browser, carol: Browser, method: str, query: str
) -> None:
    address = tus.begin(4).partition("?")[0] + query
    headers = {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    for browser in (alice, bob, carol):
        answer = browser.client.open(address, method=method, headers=headers, data=b"four")
        assert answer.status_code == 404
        assert method == "HEAD" or answer.mimetype == "application/problem+json"
    with app.app_context():
        assert len(db.session.scalars(select(Upload)).all()) == 1


def test_another_member_finds_neither_file_nor_discards(tus: Tus, bob: Browser) -> None:
    id = id_of(tus.begin(4))
    assert bob.post(f"/upload/{id}/discard").status == 404
    assert not bob.visit("/upload").html.select("#unfinished")


def test_options_tell_strangers_what_this_site_can(carol: Browser) -> None:
    answer = carol.client.options("/uploads/")
    assert answer.status_code == 204
    assert "creation-defer-length" in answer.headers["Tus-Extension"]
    assert answer.headers["Tus-Max-Size"] == "10000000000"


# The list


def test_what_is_unfinished_is_listed_on_any_device(
    tus: Tus, open_browser: Callable[[], Browser]
) -> None:
    address = tus.begin(12_000_000, "film <b>.mov")
    patch(tus.client, address, 0, bytes(3_100_000))
    phone = open_browser()
    phone.log_in("alice", "a long enough password")
    page = phone.visit("/upload")
    row = " ".join(page.html.select_one("section ul.rows li").get_text(" ").split())
    assert "film <b>.mov" in row and "3.1 MB of 12 MB" in row and "kept until" in row
    assert "Choose the file again to continue" in page.html.get_text()


def test_with_nothing_unfinished_there_is_no_list(tus: Tus, alice: Browser) -> None:
    tus.send("a.txt", b"content")
    assert "Unfinished" not in alice.visit("/upload").html.get_text()


def test_discarding_removes_it_and_its_bytes(app: Flask, tus: Tus, alice: Browser) -> None:
    address = tus.begin(1000, "a.txt")
    patch(tus.client, address, 0, b"four")
    alice.visit("/upload")
    page = alice.submit("discard-1")
    assert (page.status, page.location) == (303, "/upload")
    assert "“a.txt” was discarded." in alice.follow().html.get_text()
    assert tus.client.head(address, headers=TUS).status_code == 404
    with app.app_context():
        staging = service.storage().beside("uploads") / "staging"
        assert not list(staging.iterdir())
        assert db.session.scalars(select(Upload)).all() == []


def test_one_whose_record_is_lost_can_be_discarded(app: Flask, tus: Tus, alice: Browser) -> None:
    id = id_of(tus.begin(1000, "a.txt"))
    with app.app_context():
        for path in (service.storage().beside("uploads") / "staging").iterdir():
            path.unlink()
    assert alice.post(f"/upload/{id}/discard").status == 303
    with app.app_context():
        assert db.session.get(Upload, id) is None


def test_one_that_another_device_sends_is_not_torn_away(
    app: Flask, tus: Tus, alice: Browser
) -> None:
    id = id_of(tus.begin(1000, "a.txt"))
    app.extensions["resumable"].uploads.settings.__dict__["patience"] = 0.1
    with app.app_context(), uploads.resumable.uploads.hold(id):
        page = alice.post(f"/upload/{id}/discard")
    assert (page.status, page.location) == (303, "/upload")
    assert "Another device is sending “a.txt”." in alice.follow().html.get_text()
    assert alice.page.html.select("#unfinished")


def test_a_cancelled_upload_gives_everything_back(app: Flask, tus: Tus) -> None:
    address = tus.begin(1000)
    assert tus.client.delete(address, headers=TUS).status_code == 204
    assert tus.client.head(address, headers=TUS).status_code == 404
    with app.app_context():
        assert db.session.scalars(select(Upload)).all() == []
        assert db.session.scalars(select(File)).all() == []


def test_a_folder_that_cannot_be_made_stops_the_start_with_a_sentence(
    start: Callable[..., Flask], tmp_path: Path
) -> None:
    (tmp_path / "a-file").touch()
    with pytest.raises(BadSetting, match="STORAGE_URL"):
        start(STORAGE_URL=f"file:{tmp_path / 'a-file'}")
