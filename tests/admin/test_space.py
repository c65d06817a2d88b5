"""/admin/space - what the house keeps; and the cap on what all members together may keep."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, insert, select
from tests.admin.conftest import Change
from tests.browser import Browser, Page
from tests.files.test_races import MANY, SIZE, Crowd
from tests.files.things import Things
from tests.files.wire import CONTENT_TYPE, multipart

from frontdesk.accounts.models import Member
from frontdesk.db import db, transaction
from frontdesk.files.scrub import invariants
from frontdesk.forms import Refused

CAP = 6 * SIZE + 5


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"TOTAL_QUOTA": CAP}


def held(app: Flask) -> int:
    with app.app_context():
        return int(db.session.scalar(select(func.sum(Member.used + Member.reserved))) or 0)


def rows(page: Page, part: str) -> list[str]:
    return [
        " ".join(tag.get_text(" ").split()) for tag in page.html.select(f"{part} li, {part} tr")
    ]


def test_the_house_is_seen_as_a_whole(root: Browser, keep: Callable[..., str]) -> None:
    keep("alice", "a.txt", b"x" * 20_000)
    page = root.visit(root.visit("/admin/").link("Space"))
    assert page.title == "Space"
    assert "Used by all 20 kB All together may use 60 kB Free on the disk" in page.text


def test_people_are_listed_the_most_first(root: Browser, keep: Callable[..., str]) -> None:
    keep("alice", "a.txt", b"x" * 1_000)
    keep("bob", "b.txt", b"x" * 2_000)
    listed = rows(root.visit("/admin/space"), "section[aria-labelledby=people]")
    assert [row.split()[0] for row in listed] == ["bob", "alice", "root"]
    assert listed[0].endswith("2.0 kB of 50 GB")


def test_the_biggest_files_are_listed_with_owner_and_type(
    alice: Browser, root: Browser, keep: Callable[..., str]
) -> None:
    keep("alice", "small.txt", b"x" * 1_000, "secret folder")
    keep("bob", "big.bin", b"\0" * 2_000)
    page = root.visit("/admin/space")
    listed = rows(page, "section[aria-labelledby=biggest] tbody")
    assert listed[0] == "big.bin 2.0 kB bob application/octet-stream"
    assert listed[1].startswith("small.txt 1.0 kB alice text/plain")
    assert "secret folder" not in page.text, "where it lies is its owner's business"


def test_what_lies_in_bins_is_added_up(
    alice: Browser, root: Browser, keep: Callable[..., str]
) -> None:
    keep("alice", "a.txt", b"x" * 1_000)
    for name in ("b.txt", "c.txt"):
        keep("alice", name, b"x" * 2_000, "folder")
    alice.visit(alice.visit("/path/a.txt").link("Delete"))
    alice.submit("delete")
    alice.visit(alice.visit("/path/folder/").link("Delete"))
    alice.submit("delete")
    page = root.visit("/admin/space")
    assert "In the bins 3 files, 5.0 kB" in page.text and "a.txt in the bin" in " ".join(
        rows(page, "section[aria-labelledby=biggest] tbody")
    )


def test_more_than_fifty_are_paged_by_what_they_use(app: Flask, root: Browser) -> None:
    people = [
        {"id": uuid.uuid4(), "username": f"p{n}", "username_key": f"p{n}", "password_hash": "",
         "used": 10_000 - n} for n in range(60)
    ]  # fmt: skip
    with app.app_context(), transaction() as session:
        session.execute(insert(Member), people)
    first = root.visit("/admin/space")
    assert len(rows(first, "section[aria-labelledby=people]")) == 50
    second = root.visit(first.link("Next 50"))
    listed = rows(second, "section[aria-labelledby=people]")
    assert len(listed) == 13 and listed[0].startswith("p50")
    assert rows(root.visit(second.link("Previous 50")), "section[aria-labelledby=people]") == rows(
        first, "section[aria-labelledby=people]"
    )


# The cap


def test_no_byte_goes_over_what_all_may_keep(
    app: Flask, alice: Browser, bob: Browser, keep: Callable[..., str]
) -> None:
    keep("root", "a.bin", b"a" * SIZE)
    crowds = Crowd(alice), Crowd(bob)

    def send(number: int) -> int:
        return crowds[number % 2].upload(f"{number}.bin", b"%02d" % number * (SIZE // 2))

    with ThreadPoolExecutor(MANY) as threads:
        answers = Counter(threads.map(send, range(MANY)))
    assert answers == {303: 5, 413: MANY - 5}
    assert held(app) == 6 * SIZE
    with app.app_context():
        found = [one.says for check in (invariants.used, invariants.reserved) for one in check()]
    assert not found


def test_uploads_in_pieces_hold_of_it_too(
    app: Flask, token: Callable[..., str], alice: Browser
) -> None:
    carriers = [{"Authorization": f"Bearer {token(n, 'write')}"} for n in ("alice", "bob")]

    def create(number: int) -> int:
        headers = carriers[number % 2] | {
            "Tus-Resumable": "1.0.0",
            "Upload-Length": str(SIZE),
            "Upload-Metadata": "filename YS5iaW4=",
        }
        return app.test_client().post("/uploads/", headers=headers).status_code

    with ThreadPoolExecutor(MANY) as threads:
        answers = Counter(threads.map(create, range(MANY)))
    assert answers == {201: 6, 413: MANY - 6}
    assert held(app) == 6 * SIZE


def test_who_has_no_room_is_told_what_to_do(alice: Browser, change: Change) -> None:
    change("bob", used=CAP)
    headers = {"X-CSRFToken": Crowd(alice).token}
    answer = alice.client.post(
        "/upload",
        data=multipart({"folder": ""}, [("a.bin", b"x" * 100)]),
        content_type=CONTENT_TYPE,
        headers=headers,
    )
    assert answer.status_code == 413 and "No space is left" in answer.text


def test_a_copy_counts(
    app: Flask, alice: Browser, keep: Callable[..., str], change: Change
) -> None:
    keep("alice", "a.bin", b"a" * SIZE)
    change("bob", used=CAP - SIZE - 1)
    page = Things(app, alice, "alice").take("copy", "a.bin", to="")
    assert (page.status, page.problems[0].split(".")[0]) == (422, "No space is left for the copy")


def test_the_last_byte_is_taken_and_none_more(
    app: Flask, keep: Callable[..., str], change: Change
) -> None:
    change("bob", used=CAP - SIZE)
    with pytest.raises(Refused, match="No space is left"):
        keep("alice", "a.bin", b"a" * (SIZE + 1))
    keep("alice", "a.bin", b"a" * SIZE)
    assert held(app) == CAP


class TestWithoutACap:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {}

    def test_each_ones_own_quota_is_all_there_is(
        self, app: Flask, root: Browser, keep: Callable[..., str]
    ) -> None:
        keep("alice", "a.bin", b"a" * CAP)
        keep("bob", "b.bin", b"b" * CAP)
        assert "All together may use what the disk holds" in root.visit("/admin/space").text
