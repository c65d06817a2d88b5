"""Folders as things: made, renamed, deleted, brought back; all that is in them goes along."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import func, select
from tests.browser import Browser
from tests.files.conftest import token
from tests.files.things import Things

from frontdesk.audit import LogEntry
from frontdesk.db import db
from frontdesk.files.models import File, Folder

Keep = Callable[..., str]
VERBS = ("rename", "delete", "undo")


@pytest.fixture
def mine(app: Flask, alice: Browser) -> Things:
    return Things(app, alice, "alice")


@pytest.fixture
def logged(app: Flask) -> Callable[[str], int]:
    """How often the log says that a thing was done."""

    def logged(what: str) -> int:
        with app.app_context():
            counted = select(func.count()).where(LogEntry.what == what)
            return db.session.scalar(counted) or 0

    return logged


def paths_of(app: Flask) -> set[tuple[str, str]]:
    """(path, its key) of all folders that aren't in the bin."""
    with app.app_context():
        there = select(Folder.path, Folder.path_key).where(Folder.deleted_at.is_(None))
        return {(row.path, row.path_key) for row in db.session.execute(there)}


def rename(alice: Browser, path: str, name: str):
    alice.visit(alice.visit(f"/path/{path}").link("Rename"))
    return alice.submit("rename", name=name)


# Making one


def test_a_folder_is_made(alice: Browser, mine: Things, logged: Callable[[str], int]) -> None:
    alice.visit(alice.visit("/path/").link("New folder"))
    assert alice.submit("new-folder", name="Reports").location == "/path/Reports"
    alice.visit(alice.follow().link("New folder"))
    assert alice.submit("new-folder", name="2026").location == "/path/Reports/2026"
    assert "This folder is empty." in alice.follow().text
    assert mine.listed() == ["Reports"]
    assert logged("folder.create") == 2


def test_a_path_makes_all_on_the_way(alice: Browser, mine: Things) -> None:
    alice.visit("/folder/new")
    assert alice.submit("new-folder", name="a/b").location == "/path/a/b"
    alice.visit("/folder/new")
    assert alice.submit("new-folder", name="a/b").status == 422


@pytest.mark.parametrize("name", ["a.TXT", "Inner"])
def test_a_name_that_is_taken_is_refused(alice: Browser, keep: Keep, name: str) -> None:
    keep("alice", "A.txt")
    keep("alice", "x.txt", folder="inner")
    alice.visit("/folder/new")
    page = alice.submit("new-folder", name=name)
    assert (page.status, page.errors) == (
        422, {"name": f"“{name}” is there already. Choose another name."}
    )  # fmt: skip


@pytest.mark.parametrize("name", ["", "  ", "...", "\u200b", "/", "\x00"])
def test_no_name_is_refused(alice: Browser, name: str) -> None:
    alice.visit("/folder/new")
    assert alice.submit("new-folder", name=name).errors == {"name": "Enter a name"}


@pytest.mark.parametrize("name", ["/".join("a" * 33), "/".join(["x" * 200] * 12)])
def test_a_path_has_an_end(alice: Browser, mine: Things, name: str) -> None:
    mine.make("in")
    alice.visit("/folder/new?folder=in")
    alice.submit("new-folder", name=name)
    assert alice.page.status in {303, 422}
    assert max(len(path.encode()) for path, _ in paths_of(mine.app)) <= 2_000
    assert max(path.count("/") for path, _ in paths_of(mine.app)) < 32


# Renaming


def test_a_folder_is_renamed_with_all_below_it(
    app: Flask, alice: Browser, mine: Things, keep: Keep, logged: Callable[[str], int]
) -> None:
    keep("alice", "a.txt", b"deep", "one/two/three")
    page = rename(alice, "one", "Eins")
    assert (page.status, page.location) == (303, "/path/Eins")
    assert alice.follow().messages == ["The folder is now called “Eins”."]
    assert alice.visit("/path/Eins/two/three/a.txt?download=1").response.data == b"deep"
    assert alice.visit("/path/one/two/three").status == 404
    assert paths_of(app) == {
        ("", ""), ("Eins", "eins"), ("Eins/two", "eins/two"), ("Eins/two/three", "eins/two/three")
    }  # fmt: skip
    assert logged("folder.rename") == 1


@pytest.mark.parametrize(
    ("old", "beside", "new"),
    [
        ("100%", "100 more", "50%"),
        ("a_b", "axb", "c_d"),
        ("STRASSE ß", "strasse", "ß"),  # folded, ß is two letters
        ("ﬃ ŉ", "ffi", "ﬃﬃﬃ"),  # and these are three and two
        ("été", "ete", "e\u0301"),  # kept composed
        ("a", "ab", "a'--"),
        ("İ", "i", "ǰΐΰ"),
        ("🗂", "🗂🗂", "🗂 x"),
        ("[a]*?", "a", "$1"),
    ],
)
def test_paths_below_are_right_whatever_the_letters(
    app: Flask, alice: Browser, keep: Keep, old: str, beside: str, new: str
) -> None:
    keep("alice", "a.txt", b"mine", f"{old}/Größe %/_x")
    keep("alice", "b.txt", b"beside", f"{beside}/Größe %/_x")
    before = paths_of(app)
    rename(alice, quote(old), new)
    with app.app_context():
        for folder in db.session.scalars(select(Folder).where(Folder.parent_id.is_not(None))):
            parent = db.session.get_one(Folder, folder.parent_id)
            assert folder.path == f"{parent.path}/{folder.name}".lstrip("/")
            assert folder.path_key == f"{parent.path_key}/{folder.name_key}".lstrip("/")
        file = db.session.scalars(select(File).where(File.name == "a.txt")).one()
        assert file.folder
        deepest = file.folder.path
    assert alice.visit(f"/path/{quote(deepest)}/a.txt?download=1").response.data == b"mine"
    assert len(paths_of(app)) == len(before)


@pytest.mark.parametrize("name", ["two", "TWO", "a.txt"])
def test_a_name_that_another_has_is_refused(alice: Browser, keep: Keep, name: str) -> None:
    keep("alice", "x", folder="one")
    keep("alice", "x", folder="two")
    keep("alice", "a.txt")
    assert rename(alice, "one", name).errors == {
        "name": f"“{name}” is there already. Choose another name."
    }


def test_the_case_of_a_name_may_change(alice: Browser, keep: Keep) -> None:
    keep("alice", "x", folder="one/two")
    assert rename(alice, "one", "ONE").location == "/path/ONE"
    assert alice.visit("/path/ONE/two/x").status == 200


def test_a_name_that_makes_a_path_below_too_long_is_refused(alice: Browser, keep: Keep) -> None:
    keep("alice", "x", folder="/".join(["a", *["x" * 240] * 8]))
    page = rename(alice, "a", "y" * 200)
    assert page.errors == {"name": "The path of a folder would get too long. Choose a shorter one."}
    assert alice.visit("/path/a").status == 200


# The bin and back


def test_a_deleted_folder_takes_along_what_is_in_it(
    app: Flask, alice: Browser, carol: Browser, keep: Keep, used: Callable[[str], int]
) -> None:
    id = keep("alice", "a.txt", b"12345", "in/deep")
    alice.visit(f"/file/{id}/change/link")
    alice.submit("link")
    link = alice.visit(f"/file/{id}/change/link").html.select_one("input[readonly]")["value"]
    assert carol.visit(link).status == 200
    alice.visit(alice.visit("/path/in").link("Delete"))
    assert alice.page.title == "Delete “in”?"
    alice.submit("delete")
    page = alice.follow()
    assert (page.title, page.link("Back to your files")) == ("“in” is in the bin", "/path/")
    for address in ("/path/in", "/path/in/deep", "/path/in/deep/a.txt", f"/file/{id}/a.txt",
                    f"/file/{id}/change/rename", f"/file/{id}/change/delete",
                    f"/file/{id}/change/link", f"/file/{id}/thumbnail/1.0"):  # fmt: skip
        assert alice.visit(address).status == 404, address
    assert "a.txt" not in alice.visit("/hello/").text
    assert "No files match" in alice.visit("/path/?key=a.txt").text
    assert carol.visit(link).status == 410
    assert used("alice") == 5


def test_the_admin_does_not_count_what_is_in_the_bin(
    alice: Browser, root: Browser, mine: Things, keep: Keep
) -> None:
    keep("alice", "a.txt", folder="in")
    keep("alice", "b.txt")
    before = root.visit("/admin/").text
    mine.delete("in")
    assert root.visit("/admin/").text != before


def test_undo_brings_all_of_it_back(alice: Browser, mine: Things, keep: Keep) -> None:
    keep("alice", "a.txt", b"mine", "out/in/deep")
    gone = keep("alice", "gone.txt", folder="out/in")
    alice.post(f"/file/{gone}/change/delete")
    alice.visit(f"/folder/{mine.id('out/in')}/change/delete")
    alice.submit("delete")
    alice.follow()
    assert alice.submit("undo").location == "/path/out/in"
    assert alice.follow().messages == ["“in” is back."]
    assert alice.visit("/path/out/in/deep/a.txt?download=1").response.data == b"mine"
    assert mine.listed("out/in") == ["deep"], "what had gone by itself stays in the bin"


def test_undo_numbers_it_if_its_name_was_taken(
    app: Flask, alice: Browser, mine: Things, keep: Keep
) -> None:
    keep("alice", "old.txt", folder="in/deep")
    alice.post(f"/folder/{(id := mine.id('in'))}/change/delete")
    keep("alice", "new.txt", folder="IN/deep")
    assert alice.post(f"/folder/{id}/change/undo").location == "/path/in%20%282%29"
    assert alice.visit("/path/in (2)/deep/old.txt").status == 200
    assert alice.visit("/path/in/deep/new.txt").status == 200
    assert ("in (2)/deep", "in (2)/deep") in paths_of(app)


def test_renaming_leaves_a_namesake_in_the_bin_alone(
    app: Flask, alice: Browser, mine: Things, keep: Keep
) -> None:
    keep("alice", "old.txt", folder="in/deep")
    alice.post(f"/folder/{(id := mine.id('in'))}/change/delete")
    keep("alice", "new.txt", folder="in/deep")
    rename(alice, "in", "x")
    assert alice.post(f"/folder/{id}/change/undo").location == "/path/in"
    assert alice.visit("/path/in/deep/old.txt").status == 200
    assert alice.visit("/path/x/deep/new.txt").status == 200


def test_what_comes_back_after_its_folder_was_renamed_is_in_there(
    app: Flask, alice: Browser, mine: Things, keep: Keep
) -> None:
    keep("alice", "a.txt", folder="out/in/deep")
    alice.post(f"/folder/{(id := mine.id('out/in'))}/change/delete")
    rename(alice, "out", "a longer name")
    alice.post(f"/folder/{id}/change/undo")
    assert alice.visit("/path/a longer name/in/deep/a.txt").status == 200


def test_what_comes_back_before_its_folder_gets_it_anew(
    alice: Browser, mine: Things, keep: Keep
) -> None:
    inner, file = mine_of(keep, mine)
    alice.post(f"/folder/{inner}/change/delete")
    alice.post(f"/file/{file}/change/delete")
    alice.post(f"/folder/{(outer := mine.id('out'))}/change/delete")
    assert alice.post(f"/folder/{inner}/change/undo").location == "/path/out/in"
    assert alice.post(f"/file/{file}/change/undo").location == "/path/out/b.txt"
    assert alice.post(f"/folder/{outer}/change/undo").location == "/path/out%20%282%29"
    assert mine.listed("out") == ["in", "b.txt"]


def test_what_comes_back_where_a_file_is_now_lies_outermost(
    alice: Browser, mine: Things, keep: Keep
) -> None:
    _, file = mine_of(keep, mine)
    alice.post(f"/file/{file}/change/delete")
    alice.post(f"/folder/{mine.id('out')}/change/delete")
    keep("alice", "OUT")
    assert alice.post(f"/file/{file}/change/undo").location == "/path/b.txt"


def mine_of(keep: Keep, mine: Things) -> tuple[str, str]:
    keep("alice", "a.txt", folder="out/in")
    return mine.id("out/in"), keep("alice", "b.txt", folder="out")


def test_twice_is_once(
    alice: Browser, mine: Things, keep: Keep, logged: Callable[[str], int]
) -> None:
    keep("alice", "a.txt", folder="in")
    id = mine.id("in")
    for verb in ("delete", "undo"):
        first, second = (alice.post(f"/folder/{id}/change/{verb}") for _ in range(2))
        assert first.status == second.status
        assert logged(f"folder.{verb}") == 1


def test_a_folder_in_a_deleted_one_is_not_there(alice: Browser, mine: Things, keep: Keep) -> None:
    inner, _ = mine_of(keep, mine)
    alice.post(f"/folder/{mine.id('out')}/change/delete")
    for verb in VERBS:
        assert alice.post(f"/folder/{inner}/change/{verb}", name="x").status == 404


def test_what_is_in_the_bin_cannot_be_renamed(alice: Browser, mine: Things, keep: Keep) -> None:
    keep("alice", "a.txt", folder="in")
    alice.post(f"/folder/{(id := mine.id('in'))}/change/delete")
    assert alice.visit(f"/folder/{id}/change/rename").status == 404


# Who may


@pytest.mark.parametrize("verb", VERBS)
def test_others_find_nothing_to_change(
    alice: Browser, bob: Browser, carol: Browser, mine: Things, keep: Keep, verb: str
) -> None:
    keep("alice", "a.txt", folder="in")
    url = f"/folder/{mine.id('in')}/change/{verb}"
    assert bob.post(url, name="x").status == 404
    assert carol.post(url, name="x").status == 401
    assert alice.post(url, token=False, name="x").status == 400
    assert mine.listed("in") == ["a.txt"]


@pytest.mark.parametrize("verb", VERBS)
def test_the_outermost_folder_stays(alice: Browser, mine: Things, keep: Keep, verb: str) -> None:
    keep("alice", "a.txt")
    assert alice.post(f"/folder/{mine.id('')}/change/{verb}", name="x").status == 404


@pytest.mark.parametrize(
    "id", ["8e7f5b1c-0000-4000-8000-000000000000", "1", "nonsense", "%00", "a" * 5_000]
)
@pytest.mark.parametrize("verb", VERBS)
def test_a_missing_folder_is_404(alice: Browser, id: str, verb: str) -> None:
    assert alice.post(f"/folder/{id}/change/{verb}", name="x").status == 404


def test_undo_is_not_a_link(alice: Browser, mine: Things, keep: Keep) -> None:
    keep("alice", "a.txt", folder="in")
    url, headers = f"/folder/{mine.id('in')}/change", {"X-CSRFToken": token(alice)}
    assert alice.client.get(f"{url}/undo").status_code == 405
    assert alice.client.put(f"{url}/rename", headers=headers).status_code == 405
