"""files/reservations.py - the quota is held from the first byte on, and given back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import select, update
from tests.browser import Browser
from tests.files.tus import TUS, Tus, metadata, offset, patch

from frontdesk.accounts.models import Member
from frontdesk.db import db
from frontdesk.files.models import Upload

MANY, SIZE = 32, 10_000


@pytest.fixture
def tus(alice: Browser) -> Tus:
    return Tus(alice)


@pytest.fixture
def reserved(app: Flask) -> Callable[[], int]:
    """The bytes that are held for Alice's uploads."""

    def reserved() -> int:
        with app.app_context():
            return db.session.scalar(select(Member.reserved).where(Member.username == "alice")) or 0

    return reserved


def set_quota(app: Flask, quota: int) -> None:
    with app.app_context():
        db.session.execute(update(Member).where(Member.username == "alice").values(quota=quota))
        db.session.commit()


def test_space_is_held_from_the_creation_to_the_end(
    tus: Tus, reserved: Callable[[], int], used: Callable[[str], int]
) -> None:
    address = tus.begin(1000)
    assert (reserved(), used("alice")) == (1000, 0)
    patch(tus.client, address, 0, bytes(1000))
    assert (reserved(), used("alice")) == (0, 1000)


def test_a_cancelled_one_gives_it_back(tus: Tus, reserved: Callable[[], int]) -> None:
    address = tus.begin(1000)
    tus.client.delete(address, headers=TUS)
    assert reserved() == 0


def test_over_the_quota_is_a_sentence(app: Flask, tus: Tus, reserved: Callable[[], int]) -> None:
    set_quota(app, 1500)
    tus.begin(1000, "first.bin")
    answer = tus.create(501, "second.bin")
    assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")
    said = "No space is left for “second.bin”. Empty your bin or ask the admin."
    assert answer.json["detail"] == said
    assert reserved() == 1000
    assert tus.create(500).status_code == 201


def test_the_form_sees_what_uploads_hold(app: Flask, tus: Tus, alice: Browser) -> None:
    set_quota(app, 1500)
    tus.begin(1500)
    assert "Your space is full" in alice.visit("/upload").html.get_text()


def test_together_they_hold_no_byte_over_the_quota(
    app: Flask, tus: Tus, reserved: Callable[[], int], used: Callable[[str], int]
) -> None:
    set_quota(app, 5 * SIZE + 1)
    cookie = tus.client.get_cookie("frontdesk")
    assert cookie

    def upload(number: int) -> int:
        client = app.test_client()
        client.set_cookie("frontdesk", cookie.value)
        headers = {
            **TUS,
            "X-CSRFToken": tus.token,
            "Upload-Length": str(SIZE),
            "Upload-Metadata": metadata(filename=f"{number}.bin"),
        }
        made = client.post("/uploads/", headers=headers)
        if made.status_code != 201:
            return made.status_code
        return patch(client, made.headers["Location"], 0, bytes(SIZE)).status_code

    with ThreadPoolExecutor(MANY) as threads:
        answers = Counter(threads.map(upload, range(MANY)))
    assert answers == {204: 5, 413: MANY - 5}
    assert (reserved(), used("alice")) == (0, 5 * SIZE)


def test_one_without_a_length_holds_as_it_grows(
    app: Flask, tus: Tus, reserved: Callable[[], int], used: Callable[[str], int]
) -> None:
    set_quota(app, 1500)
    address = tus.begin(None)
    assert reserved() == 0
    patch(tus.client, address, 0, bytes(1000))
    assert reserved() == 1000
    answer = patch(tus.client, address, 1000, bytes(501))
    assert answer.status_code == 413 and "No space is left" in answer.json["detail"]
    assert (reserved(), offset(tus.client, address)) == (1000, 1000)
    patch(tus.client, address, 1000, bytes(500), Upload_Length="1500")
    assert (reserved(), used("alice")) == (0, 1500)


def test_a_whole_takes_over_what_its_parts_hold(
    app: Flask, tus: Tus, reserved: Callable[[], int], used: Callable[[str], int]
) -> None:
    set_quota(app, 1000)
    part = tus.create(1000, headers={"Upload-Concat": "partial"}).headers["Location"]
    patch(tus.client, part, 0, bytes(1000))
    headers = {**TUS, "X-CSRFToken": tus.token, "Upload-Concat": f"final;{part}"}
    assert tus.client.post("/uploads/", headers=headers).status_code == 201
    assert (reserved(), used("alice")) == (0, 1000)


class TestSettings:
    @pytest.fixture
    def settings(self) -> dict[str, object]:
        return {"MAX_FILE_SIZE": 2000, "MAX_OPEN_UPLOADS": 3}

    def test_a_file_over_the_limit_is_refused(self, tus: Tus, reserved: Callable[[], int]) -> None:
        answer = tus.create(2001)
        assert answer.status_code == 413
        assert answer.json["detail"] == "The file is larger than this site takes."
        assert reserved() == 0

    def test_one_that_grows_over_it_is_refused(self, tus: Tus) -> None:
        address = tus.begin(None)
        assert patch(tus.client, address, 0, bytes(2001)).status_code == 413

    def test_too_many_unfinished_ones_are_a_sentence(self, app: Flask, tus: Tus) -> None:
        addresses = [tus.begin(10) for _ in range(3)]
        answer = tus.create(10)
        assert answer.status_code == 429
        assert answer.json["detail"].startswith("You have too many unfinished uploads.")
        patch(tus.client, addresses[0], 0, bytes(10))
        assert tus.create(10).status_code == 201
        with app.app_context():
            assert len(db.session.scalars(select(Upload)).all()) == 3

    def test_the_refusal_is_said_in_chinese(self, tus: Tus) -> None:
        tus.client.set_cookie("language", "zh")
        assert tus.create(2001).json["detail"] == "文件超过本站允许的大小。"


class TestFullDisk:
    @pytest.fixture
    def settings(self) -> dict[str, object]:
        return {"MIN_FREE_SPACE": 0, "QUOTA": 10**18, "MAX_FILE_SIZE": 10**18}

    def test_what_the_disk_cannot_hold_is_507(self, tus: Tus, reserved: Callable[[], int]) -> None:
        answer = tus.create(10**17)
        assert (answer.status_code, answer.mimetype) == (507, "application/problem+json")
        assert reserved() == 0
