"""files/zipped.py - a zip on its way: in parts, with faults, of any size."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from tests.browser import Browser
from tests.files.test_zip import FOLDER, get, opened

from frontdesk.db import db
from frontdesk.files import service, zipped
from frontdesk.files.models import File
from frontdesk.files.packing import Entry, Parcel

# Broken off, and on again


@pytest.mark.parametrize("at", [0, 1, 300_000, 2_000_000, -500])
def test_a_download_goes_on_where_it_was(at: int, alice: Browser, reports: None) -> None:
    whole = get(alice)
    start = at % len(whole.data)
    asked = {"Range": f"bytes={start}-", "If-Range": whole.headers["ETag"]}
    rest = alice.client.get(f"{FOLDER}?zip=1", headers=asked, buffered=True)
    assert rest.status_code == 206
    assert rest.headers["Content-Range"] == f"bytes {start}-{len(whole.data) - 1}/{len(whole.data)}"
    assert whole.data[:start] + rest.data == whole.data


def test_a_piece_from_the_middle(alice: Browser, reports: None) -> None:
    whole = get(alice).data
    asked = {"Range": "bytes=1000-700000"}
    piece = alice.client.get(f"{FOLDER}?zip=1", headers=asked, buffered=True)
    assert int(piece.headers["Content-Length"]) == len(piece.data)
    assert piece.data == whole[1000:700_001]


def test_what_changed_meanwhile_comes_whole(
    alice: Browser, reports: None, keep: Callable[..., str]
) -> None:
    tag = get(alice).headers["ETag"]
    keep("alice", "new.txt", b"new", "Berichte 报告")
    asked = {"Range": "bytes=1000-", "If-Range": tag}
    answer = alice.client.get(f"{FOLDER}?zip=1", headers=asked, buffered=True)
    assert answer.status_code == 200
    assert "Berichte 报告/new.txt" in opened(answer.data).namelist()


def test_what_is_known_is_not_sent_again(alice: Browser, reports: None) -> None:
    asked = {"If-None-Match": get(alice).headers["ETag"]}
    answer = alice.client.get(f"{FOLDER}?zip=1", headers=asked, buffered=True)
    assert (answer.status_code, answer.data) == (304, b"")


# Faults


def test_a_blob_that_is_gone_before_breaks_nothing_off(
    app: Flask, alice: Browser, reports: None, books: Any
) -> None:
    books.closed = "the bytes are removed by hand"
    with app.app_context():
        blob = db.session.scalar(select(File.blob_id).where(File.name == "a.txt"))
        service.storage().delete(blob)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert get(alice).status_code == 500


@pytest.mark.parametrize("harm", ["removed", "shorter", "longer"])
def test_a_blob_that_goes_meanwhile_breaks_it_off(
    harm: str, app: Flask, alice: Browser, reports: None, books: Any
) -> None:
    books.closed = "the bytes are changed by hand"
    with app.app_context():
        blob = db.session.scalar(select(File.blob_id).where(File.name == "large.bin"))
        path = service.storage().path(blob)
    answer = alice.client.get(f"{FOLDER}?zip=1")
    length, body = int(answer.headers["Content-Length"]), answer.iter_encoded()
    if harm == "removed":
        path.unlink()
    else:
        path.write_bytes(bytes(2_999_999 if harm == "shorter" else 3_000_001))
    came = 0
    with pytest.raises(RuntimeError):
        for block in body:
            came += len(block)
    assert came < length
    answer.close()


def test_no_database_is_held_while_it_is_sent(app: Flask, alice: Browser, reports: None) -> None:
    answer = alice.client.get(f"{FOLDER}?zip=1")
    body = answer.iter_encoded()
    next(body)
    with app.app_context():
        assert db.engine.pool.checkedout() == 0
    answer.close()


# Size


class Sparse:
    """A storage whose blobs are zeros of any length, which take no disk."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "sparse"

    def open(self, id: UUID) -> Any:
        return self.path.open("rb")


def sparse(tmp_path: Path, *sizes: int) -> zipped.Zip:
    storage = Sparse(tmp_path)
    parcel = Parcel()
    with storage.path.open("wb") as file:
        file.truncate(max(sizes))
    for size in sizes:
        parcel.add_file("", "zeros.bin", datetime.now(UTC), uuid4(), size)
    return zipped.Zip(parcel.entries, storage)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [0, 1, 100, 70_000, 5_000_000])
def test_the_length_is_right(size: int, tmp_path: Path) -> None:
    found = b"".join(sparse(tmp_path, size))
    assert len(found) == len(sparse(tmp_path, size))
    assert opened(found).getinfo("zeros.bin").file_size == size


def test_many_small_ones_travel_together(tmp_path: Path) -> None:
    entries = [Entry(f"{n}/", datetime.now(UTC)) for n in range(3_000)]
    pieces = list(zipped._gathered(zipped.Zip(entries, Sparse(tmp_path))))  # type: ignore[arg-type]
    assert len(pieces) < 4
    assert len(opened(b"".join(pieces)).namelist()) == 3_000
    assert not re.search(rb"\0{64}", pieces[0])
