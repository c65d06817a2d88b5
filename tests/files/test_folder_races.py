"""Folders in many hands: no folder in itself, no name twice, nothing lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from tests.browser import Browser
from tests.files.test_races import MANY, Crowd
from tests.files.things import Things

from frontdesk.db import db
from frontdesk.files.models import Folder

Keep = Callable[..., str]


@pytest.fixture
def mine(app: Flask, alice: Browser) -> Things:
    return Things(app, alice, "alice")


@pytest.fixture
def crowd(alice: Browser) -> Crowd:
    return Crowd(alice)


@pytest.fixture(autouse=True)
def paths_are_right(app: Flask):
    """After each test: whoever goes up from a folder comes to the outermost, as its path says."""
    yield
    with app.app_context():
        for folder in db.session.scalars(select(Folder).where(Folder.deleted_at.is_(None))):
            names, here = [], folder
            while here.parent_id is not None and len(names) < 50:
                names.insert(0, here.name)
                here = db.session.get_one(Folder, here.parent_id)
                assert here.deleted_at is None
            assert folder.path == "/".join(names)


def test_two_folders_do_not_swallow_each_other(crowd: Crowd, mine: Things, keep: Keep) -> None:
    keep("alice", "a.txt", folder="A")
    keep("alice", "b.txt", folder="B")
    a, b = mine.id("A"), mine.id("B")
    way = ({"folder": a, "here": b}, {"folder": b, "here": a})
    answers = crowd.all(lambda n: crowd.post("/selection/move", way[n % 2]))
    assert set(answers) == {303, 422}
    outer = mine.listed()
    assert len(outer) == 1
    assert set(mine.listed(outer[0])) == ({"A", "B"} - {outer[0]}) | {f"{outer[0].lower()}.txt"}


def test_one_of_many_folders_gets_the_name(crowd: Crowd, mine: Things, keep: Keep) -> None:
    for n in range(MANY):
        keep("alice", "x", folder=f"{n}")
    ids = [mine.id(str(n)) for n in range(MANY)]
    answers = crowd.all(lambda n: crowd.post(f"/folder/{ids[n]}/change/rename", {"name": "one"}))
    assert answers == {303: 1, 422: MANY - 1}
    assert mine.listed().count("one") == 1


def test_one_of_many_makes_the_folder(crowd: Crowd, mine: Things) -> None:
    answers = crowd.all(lambda _: crowd.post("/folder/new", {"name": "one", "folder": "in"}))
    assert answers == {303: 1, 422: MANY - 1}
    assert mine.listed("in") == ["one"]


def test_all_that_goes_to_one_place_at_once_gets_there(
    crowd: Crowd, mine: Things, keep: Keep
) -> None:
    ids = [keep("alice", "a.txt", b"%d" % n, f"in/{n}") for n in range(MANY)]
    keep("alice", "x", folder="to")
    to = mine.id("to")
    verbs = ("move", "copy")
    answers = crowd.all(
        lambda n: crowd.post(f"/selection/{verbs[n % 2]}", {"file": ids[n], "here": to})
    )
    assert answers == {303: MANY}
    names = mine.listed("to")
    assert len(names) == len(set(names)) == MANY + 1


def test_uploads_into_a_folder_that_is_renamed_and_deleted_are_kept(
    crowd: Crowd, alice: Browser, mine: Things, keep: Keep
) -> None:
    keep("alice", "x", folder="in")
    id = mine.id("in")

    def act(n: int) -> int:
        if n % 4 == 0:
            return crowd.post(f"/folder/{id}/change/rename", {"name": f"in {n}"})
        if n % 4 == 1:
            return crowd.post(f"/folder/{id}/change/{'delete' if n % 8 == 1 else 'undo'}", {})
        return crowd.upload(f"{n}.txt", b"x", "in")

    answers = crowd.all(act)
    assert not {500, 503} & set(answers)
    crowd.post(f"/folder/{id}/change/undo", {})
    found = [name for folder in mine.listed() for name in mine.listed(folder)]
    assert len([name for name in found if name.endswith(".txt")]) == MANY // 2


def test_deleting_for_good_in_many_tabs_is_once(
    crowd: Crowd, mine: Things, keep: Keep, used: Callable[[str], int]
) -> None:
    keep("alice", "a.txt", b"12345", "in/deep")
    keep("alice", "b.txt", b"123")
    id = mine.id("in")
    mine.delete("in")
    verbs = (f"/folder/{id}/change/remove", "/bin/empty", f"/folder/{id}/change/undo")
    answers = crowd.all(lambda n: crowd.post(verbs[n % 3], {}))
    assert set(answers) <= {303, 404}
    is_back = "in" in mine.listed()
    assert used("alice") == (8 if is_back else 3)


def test_what_is_deleted_for_good_while_it_is_downloaded_arrives_whole(
    alice: Browser, mine: Things, keep: Keep
) -> None:
    content = bytes(range(256)) * 20_000
    keep("alice", "large.bin", content, "in")
    answer = alice.client.get("/path/in/large.bin?download=1")  # not read yet
    parts = answer.iter_encoded()
    began = next(parts)
    mine.delete("in")
    alice.post("/bin/empty")
    assert began + b"".join(parts) == content
    answer.close()
    assert alice.visit("/path/in/large.bin").status == 404
