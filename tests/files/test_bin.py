"""/bin - what was deleted, back or away for good."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from tests.browser import Browser, Page
from tests.files.things import Things

from frontdesk.db import db, now
from frontdesk.files.models import Blob, Folder


@pytest.fixture
def deleted(alice: Browser, keep: Callable[..., str]) -> str:
    """The id of a file in Alice's bin."""
    file_id = keep("alice", "old.txt", b"x" * 1000)
    alice.visit(f"/file/{file_id}/change/delete")
    alice.submit("delete")
    return file_id


def test_it_lists_what_was_deleted(alice: Browser, deleted: str) -> None:
    assert "old.txt" in alice.visit("/bin").text
    assert alice.visit("/path/").link("See the bin") == "/bin"


def test_undo_puts_it_back(alice: Browser, deleted: str) -> None:
    alice.visit("/bin")
    assert alice.submit("undo-1").location == "/path/old.txt"
    assert "The bin is empty." in alice.visit("/bin").text


def test_for_good_it_is_asked_first_and_gives_the_space_back(alice: Browser, deleted: str) -> None:
    assert "1.0 kB of" in alice.visit("/hello/").text
    alice.visit(alice.visit("/bin").link("Delete for good"))
    assert "old.txt" in alice.visit("/bin").text
    alice.visit(alice.page.link("Delete for good"))
    assert alice.submit("remove").location == "/bin"
    assert "“old.txt” is gone for good." in alice.follow().messages
    assert "0 bytes of" in alice.visit("/hello/").text


def test_what_a_post_holds_stays_for_its_recipients_and_goes_on_counting(
    alice: Browser, bob: Browser
) -> None:
    alice.visit("/post/new")
    alice.submit("post", to="bob", the_file=[(io.BytesIO(b"plan"), "plan.pdf")])
    alice.visit(alice.visit("/path/Sent/plan.pdf").link("Delete"))
    alice.submit("delete")
    alice.visit(alice.visit("/bin").link("Delete for good"))
    assert alice.submit("remove").location == "/bin"
    assert "4 bytes of" in alice.visit("/hello/").text  # else posting and deleting fills the disk
    address = bob.visit("/post/1").link("plan.pdf")
    assert bob.client.get(address, buffered=True).data == b"plan"


def test_it_counts_once_however_many_rows_held_it(alice: Browser) -> None:
    alice.visit("/post/new")
    alice.submit("post", to="bob", the_file=[(io.BytesIO(b"plan"), "plan.pdf")])
    alice.visit(alice.visit("/path/Sent/plan.pdf").link("Copy"))
    alice.submit("copy", here=alice.page.html.select_one("button[name=here]")["value"])
    assert "8 bytes of" in alice.visit("/hello/").text
    alice.visit(alice.visit("/path/Sent").link("Delete"))
    alice.submit("delete")
    assert "8 bytes of" in alice.visit("/hello/").text
    alice.visit("/bin/empty")
    alice.submit("empty")
    assert "4 bytes of" in alice.visit("/hello/").text


def test_what_came_back_in_another_tab_stays(alice: Browser, deleted: str) -> None:
    alice.visit("/bin")
    ask = alice.page.link("Delete for good")
    alice.submit("undo-1")
    assert alice.visit(ask).status == 404
    assert alice.visit("/path/old.txt").status == 200


def test_only_what_is_in_the_bin_can_go(alice: Browser, keep: Callable[..., str]) -> None:
    file_id = keep("alice", "new.txt")
    assert alice.visit(f"/file/{file_id}/change/remove").status == 404


def test_to_others_it_is_not_there(bob: Browser, carol: Browser, deleted: str) -> None:
    assert "old.txt" not in bob.visit("/bin").text
    assert bob.visit(f"/file/{deleted}/change/remove").status == 404
    assert carol.visit("/bin").status == 401


# Folders


@pytest.fixture
def mine(app: Flask, alice: Browser) -> Things:
    return Things(app, alice, "alice")


def place(keep: Callable[..., str], *paths: str) -> None:
    """Files at these paths, 10 bytes each."""
    for path in paths:
        folder, _, name = path.rpartition("/")
        keep("alice", name, bytes(10), folder)


def entries(page: Page) -> list[str]:
    """What the bin lists: name, and how much."""
    rows = page.html.select("main .rows li")
    return [" ".join(row.get_text().split()).partition(" · Nov")[0].split(" Undo")[0]
            for row in rows]  # fmt: skip


def test_a_folder_is_one_entry_with_its_count_and_size(
    alice: Browser, mine: Things, keep: Callable[..., str]
) -> None:
    place(keep, "in/a", "in/b", "in/deep/c", "in/gone", "d")
    mine.delete("in/gone")
    mine.delete("in")
    mine.delete("d")
    said = [entry.rpartition(" · ")[0] for entry in entries(alice.visit("/bin"))]
    assert said == ["d 10 bytes", "in 3 files · 30 bytes", "gone 10 bytes"]
    assert alice.submit("undo-2").location == "/path/in"
    assert mine.listed("in") == ["deep", "a", "b"]


def test_a_folder_for_good_gives_its_space_back(
    app: Flask, alice: Browser, mine: Things, keep: Callable[..., str], used: Callable[[str], int]
) -> None:
    place(keep, "in/a", "in/deep/b", "in/deep/gone", "stays")
    mine.delete("in/deep/gone")
    mine.delete("in")
    alice.visit(alice.visit("/bin").link("Delete for good in"))
    assert alice.page.title == "Delete “in” for good?"
    assert alice.submit("remove").location == "/bin"
    assert alice.follow().messages == ["“in” is gone for good."]
    assert used("alice") == 20
    assert alice.visit("/bin").html.select_one("main bdi").get_text() == "gone"
    assert alice.submit("undo-1").location == "/path/gone", "its folder is no more"
    assert mine.listed() == ["gone", "stays"]
    with app.app_context():
        assert len(db.session.scalars(select(Folder)).all()) == 1
        assert len(db.session.scalars(select(Blob)).all()) == 2


def test_a_folder_that_had_gone_before_outlives_the_one_it_was_in(
    alice: Browser, mine: Things, keep: Callable[..., str]
) -> None:
    place(keep, "out/in/deep/a", "out/b")
    mine.delete("out/in")
    mine.delete("out")
    alice.visit(alice.visit("/bin").link("Delete for good out"))
    alice.submit("remove")
    alice.visit("/bin")
    assert alice.submit("undo-1").location == "/path/in"
    assert mine.listed("in/deep") == ["a"]


def test_bytes_that_a_copy_holds_stay(
    alice: Browser, mine: Things, keep: Callable[..., str], used: Callable[[str], int]
) -> None:
    place(keep, "in/a", "b")
    mine.take("copy", "b", to="in")
    mine.delete("b")
    mine.delete("in/a")
    alice.visit("/bin/empty")
    assert "2 files, 20 bytes, go for good." in alice.page.text
    alice.submit("empty")
    assert alice.follow().messages == ["The bin is empty now."]
    assert used("alice") == 10
    assert alice.visit("/path/in/b?download=1").response.data == bytes(10)


def test_the_bin_is_emptied_whole(
    app: Flask, alice: Browser, bob: Browser, mine: Things, keep: Callable[..., str],
    used: Callable[[str], int],
) -> None:  # fmt: skip
    his = keep("bob", "his.txt")
    bob.post(f"/file/{his}/change/delete")
    place(keep, "in/a", "in/deep/b", "c", "d", "in/deep/gone")
    mine.delete("in/deep/gone")
    mine.delete("in", "c")
    alice.visit(alice.visit("/bin").link("Empty the bin"))
    assert "4 files, 40 bytes, go for good." in alice.page.text
    assert len(entries(alice.visit("/bin"))) == 3, "asking removes nothing"
    alice.visit("/bin/empty")
    alice.submit("empty")
    assert "The bin is empty." in alice.visit("/bin").text
    assert (used("alice"), mine.listed()) == (10, ["d"])
    assert "his.txt" in bob.visit("/bin").text


def test_it_is_paged(alice: Browser, mine: Things, keep: Callable[..., str]) -> None:
    place(keep, *(f"f{n:02}" for n in range(60)), *(f"d{n:02}/x" for n in range(60)))
    mine.delete(*(f"f{n:02}" for n in range(60)))
    mine.delete(*(f"d{n:02}" for n in range(60)))
    page, seen = alice.visit("/bin"), list[str]()
    while True:
        seen += [bdi.get_text() for bdi in page.html.select("main .rows bdi")]
        if not page.html.select_one("a[rel=next]"):
            break
        assert len(page.html.select("main .rows li")) == 50
        page = alice.visit(page.link("Next 50"))
    assert len(seen) == len(set(seen)) == 120
    assert {name[0] for name in seen[:60]} == {"d"}


def test_another_members_entry_is_no_place_in_mine(
    alice: Browser, bob: Browser, deleted: str
) -> None:
    assert bob.visit(f"/bin?after={deleted}").status == 200
    assert "old.txt" not in bob.page.text


@pytest.mark.parametrize("what", ["in", ""])
def test_only_a_folder_in_the_bin_can_go(
    alice: Browser, bob: Browser, mine: Things, keep: Callable[..., str], what: str
) -> None:
    place(keep, "in/deep/a")
    url = f"/folder/{mine.id(what)}/change/remove"
    assert alice.visit(url).status == 404
    assert alice.post(url).status == 404
    deep = mine.id("in/deep")
    mine.delete("in")
    assert alice.post(f"/folder/{deep}/change/remove").status == 404
    assert bob.post(url).status == 404


@pytest.mark.parametrize(("days", "is_there"), [(29, True), (31, False)])
def test_the_bin_keeps_folders_for_thirty_days(
    app: Flask, alice: Browser, mine: Things, keep: Callable[..., str], days: int, is_there: bool,
    used: Callable[[str], int],
) -> None:  # fmt: skip
    place(keep, "in/a", "in/deep/b")
    mine.delete("in")
    with app.app_context():
        db.session.execute(update(Folder).where(Folder.deleted_at.is_not(None)).values(
            deleted_at=now() - timedelta(days=days)))  # fmt: skip
        db.session.commit()
    done = app.test_cli_runner().invoke(args=["purge"])
    assert (", 2 files, " in done.output) is not is_there
    assert used("alice") == (20 if is_there else 0)
    assert "in" in entries(alice.visit("/bin"))[0] if is_there else not entries(alice.page)


def test_strangers_and_forged_forms_empty_nothing(
    alice: Browser, carol: Browser, deleted: str
) -> None:
    assert carol.post("/bin/empty").status == 401
    assert alice.post("/bin/empty", token=False).status == 400
    assert "old.txt" in alice.visit("/bin").text
