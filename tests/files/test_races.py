"""Many at once: no byte over the quota, no name twice, no row without bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update
from tests.browser import Browser
from tests.files import images
from tests.files.conftest import names_on, token
from tests.files.wire import CONTENT_TYPE, multipart

from frontdesk.accounts.models import Member
from frontdesk.db import db

MANY = 32
SIZE = 10_000


class Crowd:
    """One member at many devices: each thread a client of its own with the same cookies."""

    def __init__(self, browser: Browser) -> None:
        self.app, self.token = browser.client.application, token(browser)
        self.cookie = browser.client.get_cookie("frontdesk")

    def post(self, url: str, data: Any, **more: Any) -> int:
        client = self.app.test_client()
        client.set_cookie("frontdesk", self.cookie.value)
        headers = {"X-CSRFToken": self.token}
        return client.post(url, data=data, headers=headers, buffered=True, **more).status_code

    def upload(self, name: str, content: bytes, folder: str = "", **answers: str) -> int:
        body = multipart({"folder": folder, **answers}, [(name, content)])
        return self.post("/upload", body, content_type=CONTENT_TYPE)

    def all(self, act: Callable[[int], int]) -> Counter[int]:
        """What ``act`` answers to each of them, counted."""
        with ThreadPoolExecutor(MANY) as threads:
            return Counter(threads.map(act, range(MANY)))


@pytest.fixture
def crowd(alice: Browser) -> Crowd:
    return Crowd(alice)


def set_quota(app: Flask, quota: int) -> None:
    with app.app_context():
        db.session.execute(update(Member).where(Member.username == "alice").values(quota=quota))
        db.session.commit()


def test_no_byte_goes_over_the_quota(
    app: Flask, crowd: Crowd, alice: Browser, used: Callable[[str], int]
) -> None:
    set_quota(app, 5 * SIZE + 1)
    answers = crowd.all(lambda n: crowd.upload(f"{n}.bin", bytes(SIZE)))
    assert answers == {303: 5, 413: MANY - 5}
    assert used("alice") == 5 * SIZE
    assert len(names_on(alice.visit("/path/"))) == 5


def test_a_name_is_given_once(crowd: Crowd, alice: Browser) -> None:
    assert crowd.all(lambda n: crowd.upload("a.txt", b"%d" % n, "new/folder")) == {303: MANY}
    names = names_on(alice.visit("/path/new/folder"))
    assert len(names) == len(set(names)) == MANY
    assert {"a.txt", f"a ({MANY}).txt"} <= set(names)


def test_a_first_folder_is_made_once(crowd: Crowd, alice: Browser) -> None:
    assert crowd.all(lambda n: crowd.upload(f"{n}.txt", b"x", "Deep/er")) == {303: MANY}
    rows = alice.visit("/path/").html.select("table.list tbody tr")
    assert len(rows) == 1


def test_one_of_many_gets_the_name(crowd: Crowd, alice: Browser, keep: Callable[..., str]) -> None:
    ids = [keep("alice", f"{n}.txt") for n in range(MANY)]
    answers = crowd.all(lambda n: crowd.post(f"/file/{ids[n]}/change/rename", {"name": "one.txt"}))
    assert answers == {303: 1, 422: MANY - 1}
    assert names_on(alice.visit("/path/")).count("one.txt") == 1


def test_deleting_and_undoing_at_once_loses_nothing(
    crowd: Crowd, alice: Browser, keep: Callable[..., str], used: Callable[[str], int]
) -> None:
    id = keep("alice", "a.txt", b"12345")
    verbs = ("delete", "undo")
    answers = crowd.all(lambda n: crowd.post(f"/file/{id}/change/{verbs[n % 2]}", {}))
    assert answers == {303: MANY}
    crowd.post(f"/file/{id}/change/undo", {})
    assert names_on(alice.visit("/path/")) == ["a.txt"]
    assert used("alice") == 5


def test_one_of_many_pictures_stays(crowd: Crowd, used: Callable[[str], int]) -> None:
    picture = images.drawn(size=(50, 50))
    body = multipart({"theme": "auto", "language": "en"}, [("me.png", picture)])
    body = body.replace(b'name="the_file"', b'name="image"')
    answers = [crowd.post("/profile", body, content_type=CONTENT_TYPE)]
    once = used("alice")
    with ThreadPoolExecutor(4) as threads:
        order = [threads.submit(crowd.post, "/profile", body, content_type=CONTENT_TYPE)
                 for _ in range(4)]  # fmt: skip
        answers += [done.result() for done in order]
    assert answers == [303] * 5
    assert used("alice") == once
