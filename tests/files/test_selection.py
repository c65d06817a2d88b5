"""/selection/… - several things moved, copied or deleted: all of them, or none."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import pytest
from flask import Flask
from sqlalchemy import update
from tests.browser import Browser
from tests.files.things import Things

from frontdesk.accounts.models import Member
from frontdesk.db import db
from frontdesk.files import copying, selection
from frontdesk.files.models import File

Keep = Callable[..., str]
VERBS = ("move", "copy", "delete")
SOMEBODY = "8e7f5b1c-0000-4000-8000-000000000000"


@pytest.fixture
def mine(app: Flask, alice: Browser) -> Things:
    return Things(app, alice, "alice")


def place(keep: Keep, *paths: str) -> None:
    """Files at these paths, each with its path as content."""
    for path in paths:
        folder, _, name = path.rpartition("/")
        keep("alice", name, path.encode(), folder)


def content(alice: Browser, path: str) -> bytes:
    answer = alice.client.get(f"/path/{path}?download=1", buffered=True)
    assert answer.status_code == 200, path
    return bytes(answer.data)


# Without JavaScript: tick, press, choose where, press


def test_what_was_ticked_is_moved(alice: Browser, mine: Things, keep: Keep) -> None:
    place(keep, "a.txt", "b.txt", "in/c.txt", "far/away/d.txt")
    alice.visit("/path/")
    assert alice.submit("things", **mine.ids("a.txt", "in")).title == "Move 2 files and folders"
    assert {"in", "a.txt"} <= {item.get_text() for item in alice.page.html.select("main li")}
    open_folder(alice, "far")
    open_folder(alice, "away")
    assert alice.submit("move", here=mine.id("far/away")).location == "/path/far/away"
    assert alice.follow().messages == ["2 files and folders were moved."]
    assert mine.listed("far/away") == ["in", "a.txt", "d.txt"]
    assert mine.listed() == ["far", "b.txt"]
    assert content(alice, "far/away/in/c.txt") == b"in/c.txt"


def open_folder(alice: Browser, name: str) -> None:
    """Press the button that opens a folder on the page that asks where to."""
    buttons = alice.page.html.select("button[name=open]")
    wanted = [button for button in buttons if button.get_text(strip=True) == name]
    assert wanted, f"no button opens {name}"
    data = [(str(tag["name"]), str(tag["value"])) for tag in alice.page.html.select("main input")]
    form: dict[str, list[str]] = {}
    for key, value in [*data, ("open", str(wanted[0]["value"]))]:
        form.setdefault(key, []).append(value)
    form.pop("csrf_token")
    alice.post(alice.page.response.request.path, **form)
    assert alice.page.status == 200


def test_each_row_can_be_ticked_and_says_which(alice: Browser, mine: Things, keep: Keep) -> None:
    place(keep, "a.txt", "in/c.txt")
    page = alice.visit("/path/")
    for name, path in (("file", "a.txt"), ("folder", "in")):
        box = page.html.select_one(f"#things [name={name}]")
        assert box["value"] == mine.id(path)
        assert page.html.select_one(f"#{box['aria-labelledby']}").get_text() == path
    assert {button.get_text(strip=True) for button in page.html.select("#things button")} >= {
        "Move", "Copy", "Delete",
    }  # fmt: skip


def test_a_files_and_a_folders_page_lead_to_move_and_copy(
    alice: Browser, mine: Things, keep: Keep
) -> None:
    place(keep, "in/a.txt", "out/b.txt")
    alice.visit(alice.visit("/path/in/a.txt").link("Move"))
    assert alice.page.title == "Move “a.txt”"
    assert alice.submit("move", here=mine.id("out")).status == 303
    assert alice.follow().messages == ["“a.txt” was moved."]
    alice.visit(alice.visit("/path/in").link("Copy"))
    assert alice.page.title == "Copy “in”"
    assert alice.submit("copy", here=mine.id("out")).location == "/path/out"
    assert mine.listed("out") == ["in", "a.txt", "b.txt"]


def test_a_folder_is_found_by_a_word(alice: Browser, mine: Things, keep: Keep) -> None:
    place(keep, "a.txt", "Reports/2026/x", "other/x")
    alice.visit(alice.visit("/path/a.txt").link("Move"))
    alice.submit("move", find="REPORTS/2")
    assert "Reports/2026" in alice.page.text and "other" not in alice.page.text
    alice.visit(f"/selection/move?file={mine.id('a.txt')}")
    assert "No folder matches “zebra”." in alice.submit("move", find="zebra").text


def test_folders_that_move_are_not_offered(alice: Browser, mine: Things, keep: Keep) -> None:
    place(keep, "in/x", "out/x")
    page = alice.visit(f"/selection/move?folder={mine.id('in')}")
    assert [tag.get_text(strip=True) for tag in page.html.select(".rows button")] == ["out"]


def test_thousands_of_folders_come_a_hundred_at_a_time(
    alice: Browser, mine: Things, keep: Keep
) -> None:
    place(keep, "a.txt", *(f"f{n:03}/x" for n in range(150)))
    page = alice.visit(f"/selection/move?file={mine.id('a.txt')}")
    assert len(page.html.select(".rows button")) == 100
    after = str(page.html.select_one("button[name=after]")["value"])
    page = alice.post("/selection/move", file=mine.id("a.txt"), after=after)
    shown = [tag.get_text(strip=True) for tag in page.html.select(".rows button")]
    assert (shown[0], shown[-1], len(shown)) == ("f100", "f149", 50)


# Names


def test_a_name_that_is_taken_gets_a_number_and_the_page_says_so(
    alice: Browser, mine: Things, keep: Keep
) -> None:
    place(keep, "a.txt", "in/x", "to/A.txt", "to/IN/y")
    mine.take("move", "a.txt", "in", to="to")
    assert sorted(alice.follow().messages) == [
        "2 files and folders were moved.",
        "“a.txt” is now called “a (2).txt”.",
        "“in” is now called “in (2)”.",
    ]
    assert mine.listed("to") == ["IN", "in (2)", "a (2).txt", "A.txt"]


def test_two_of_one_name_get_both(alice: Browser, mine: Things, keep: Keep) -> None:
    place(keep, "one/a.txt", "two/a.txt", "to/x")
    mine.take("move", "one/a.txt", "two/a.txt", to="to")
    assert {content(alice, "to/a.txt"), content(alice, "to/a (2).txt")} == {
        b"one/a.txt", b"two/a.txt",
    }  # fmt: skip


def test_what_is_there_already_stays_as_it_is(alice: Browser, mine: Things, keep: Keep) -> None:
    place(keep, "to/a.txt", "to/in/x")
    assert mine.take("move", "to/a.txt", "to/in", to="to").status == 303
    assert mine.listed("to") == ["in", "a.txt"]


# Copies


def test_a_copy_has_rows_of_its_own_on_the_same_bytes(
    app: Flask, alice: Browser, mine: Things, keep: Keep, used: Callable[[str], int]
) -> None:
    place(keep, "in/deep/a.txt", "in/b.txt", "to/x")
    before = used("alice")
    mine.take("copy", "in", to="to")
    assert used("alice") == before + len("in/deep/a.txt") + len("in/b.txt")
    alice.post(f"/file/{mine.id('in/b.txt')}/change/rename", name="c.txt")
    assert mine.listed("to/in") == ["deep", "b.txt"]
    assert content(alice, "to/in/deep/a.txt") == b"in/deep/a.txt"
    assert mine.id("to/in/b.txt") != mine.id("in/c.txt")


def test_a_copy_beside_itself_gets_a_number(alice: Browser, mine: Things, keep: Keep) -> None:
    place(keep, "a.txt", "in/x")
    mine.take("copy", "a.txt", "in", to="")
    assert mine.listed() == ["in", "in (2)", "a (2).txt", "a.txt"]
    assert content(alice, "in (2)/x") == b"in/x"


def test_what_is_in_the_bin_is_not_copied(alice: Browser, mine: Things, keep: Keep) -> None:
    place(keep, "in/a.txt", "in/b.txt", "in/deep/c.txt", "to/x")
    mine.delete("in/a.txt", "in/deep")
    mine.take("copy", "in", to="to")
    assert mine.listed("to/in") == ["b.txt"]


def test_without_room_nothing_is_copied(
    app: Flask, alice: Browser, mine: Things, keep: Keep, used: Callable[[str], int]
) -> None:
    place(keep, "in/a.txt", "b.txt", "to/x")
    with app.app_context():
        room = used("alice") + 5
        db.session.execute(update(Member).where(Member.username == "alice").values(quota=room))
        db.session.commit()
    page = mine.take("copy", "b.txt", "in", to="to")
    assert (page.status, page.problems) == (
        422, ["No space is left for the copy. Empty your bin or ask the admin."]
    )  # fmt: skip
    assert mine.listed("to") == ["x"]


def test_a_copy_has_an_end(
    alice: Browser, mine: Things, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "MOST", 3)
    place(keep, "in/a", "in/b", "in/c", "to/x")
    page = mine.take("copy", "in", to="to")
    assert page.problems == ["At most 3 files and folders can be copied at a time."]
    assert mine.listed("to") == ["x"]


# Into oneself


@pytest.mark.parametrize("verb", ["move", "copy"])
@pytest.mark.parametrize("to", ["in", "in/deep"])
def test_a_folder_does_not_go_into_itself(
    alice: Browser, mine: Things, keep: Keep, verb: str, to: str
) -> None:
    place(keep, "a.txt", "in/deep/x", "in_side/x")
    page = mine.take(verb, "a.txt", "in", to=to)
    assert page.problems == ["“in” can’t go into itself. Choose another folder."]
    assert mine.listed() == ["in", "in_side", "a.txt"], "not the file either"
    assert mine.take("move", "in", to="in_side").status == 303


def test_a_path_does_not_get_too_long(alice: Browser, mine: Things, keep: Keep) -> None:
    place(keep, "/".join(["a"] * 20) + "/x", "/".join(["b"] * 20) + "/x")
    deep = "/".join(["b"] * 20)
    for verb in ("move", "copy"):
        page = mine.take(verb, "a", to=deep)
        assert page.problems == ["The path of a folder would get too long. Choose a shorter one."]
    assert mine.listed() == ["a", "b"]


def test_of_a_folder_and_what_is_in_it_both_are_moved(
    alice: Browser, mine: Things, keep: Keep
) -> None:
    place(keep, "in/deep/er/x", "in/deep/y", "to/x")
    mine.take("move", "in", "in/deep", "in/deep/y", to="to")
    assert mine.listed("to") == ["deep", "in", "x", "y"]
    assert content(alice, "to/deep/er/x") == b"in/deep/er/x"


# The bin


def test_what_was_ticked_goes_to_the_bin_and_comes_back(
    alice: Browser, mine: Things, keep: Keep
) -> None:
    place(keep, "out/a.txt", "out/in/deep/x", "out/in/y", "out/b.txt")
    ids = mine.ids("out/a.txt", "out/in", "out/in/deep", "out/in/y")
    page = alice.post("/selection/delete", **ids)
    assert (page.title, mine.listed("out")) == (
        "Delete 4 files and folders?", ["in", "a.txt", "b.txt"]
    )  # fmt: skip
    alice.post("/selection/delete", **ids, sure="1")
    page = alice.follow()
    assert page.title == "3 files and folders are in the bin", "one of them went with another"
    assert page.link("Back to your files") == "/path/out"
    assert mine.listed("out") == ["b.txt"]
    alice.visit(page.response.request.path)
    assert alice.submit("undo").location == "/path/out"
    assert mine.listed("out") == ["in", "a.txt", "b.txt"]
    assert mine.listed("out/in") == ["deep", "y"]
    assert mine.listed("out/in/deep") == ["x"]


@pytest.mark.parametrize("moment", ["0", "1", "9" * 15, "9" * 40])
def test_a_moment_at_which_nothing_went_is_404(alice: Browser, moment: str) -> None:
    assert alice.visit(f"/bin/{moment}").status == 404
    assert alice.post(f"/bin/{moment}").status == 404


def test_to_others_that_moment_was_nothing(bob: Browser, mine: Things, keep: Keep) -> None:
    place(keep, "a.txt")
    where = mine.delete("a.txt").location
    assert bob.visit(where).status == 404
    assert bob.post(where).status == 404
    assert mine.listed() == []


# All or none


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("field", ["file", "folder"])
@pytest.mark.parametrize("id", [SOMEBODY, "1", "", "../x", "a" * 5_000, "\x00"])
def test_one_that_is_not_there_stops_all(
    alice: Browser, mine: Things, keep: Keep, verb: str, field: str, id: str
) -> None:
    place(keep, "a.txt", "in/x", "to/x")
    ids = mine.ids("a.txt", "in")
    ids[field].append(id)
    assert alice.post(f"/selection/{verb}", **ids, here=mine.id("to"), sure="1").status == 404
    assert mine.listed() == ["in", "to", "a.txt"]
    assert mine.listed("to") == ["x"]


@pytest.mark.parametrize("verb", VERBS)
def test_another_members_things_are_not_there(
    bob: Browser, mine: Things, keep: Keep, verb: str
) -> None:
    place(keep, "a.txt", "in/x")
    his = keep("bob", "his.txt", folder="his")
    for ids in (mine.ids("a.txt"), mine.ids("in"), mine.ids(""), {"file": [his, mine.id("a.txt")]}):
        assert bob.post(f"/selection/{verb}", **ids, sure="1").status == 404
    assert mine.listed() == ["in", "a.txt"]
    assert bob.visit("/path/his/his.txt").status == 200


@pytest.mark.parametrize("verb", ["move", "copy"])
def test_nothing_goes_to_another_member(
    app: Flask, alice: Browser, bob: Browser, mine: Things, keep: Keep, verb: str
) -> None:
    place(keep, "a.txt")
    keep("bob", "x", folder="his")
    his = Things(app, bob, "bob").id("his")
    assert alice.post(f"/selection/{verb}", **mine.ids("a.txt"), here=his).status == 404
    assert alice.post(f"/selection/{verb}", **mine.ids("a.txt"), open=his).status == 404
    assert alice.post(f"/selection/{verb}", **mine.ids("a.txt"), after=his).status == 404
    assert mine.listed() == ["a.txt"]


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_in_the_bin_meanwhile_is_named(
    alice: Browser, mine: Things, keep: Keep, verb: str
) -> None:
    place(keep, "a.txt", "in/x", "to/x")
    ids, to = mine.ids("a.txt", "in/x"), mine.id("to")
    mine.delete("in")
    alice.post(f"/selection/{verb}", **ids, here=to, sure="1")
    assert alice.follow().messages == ["“x” is in the bin by now, so nothing was changed."]
    assert mine.listed() == ["to", "a.txt"]


@pytest.mark.parametrize("verb", ["move", "copy"])
def test_nothing_goes_into_a_folder_that_is_in_the_bin(
    alice: Browser, mine: Things, keep: Keep, verb: str
) -> None:
    place(keep, "a.txt", "to/x")
    to = mine.id("to")
    mine.delete("to")
    assert alice.post(f"/selection/{verb}", **mine.ids("a.txt"), here=to).status == 404
    assert mine.listed() == ["a.txt"]


@pytest.mark.parametrize("verb", VERBS)
def test_nothing_ticked_is_said(alice: Browser, verb: str) -> None:
    assert alice.post(f"/selection/{verb}").location == "/path/"
    assert alice.follow().messages == ["Select files or folders first."]


def test_a_thousand_at_a_time(
    alice: Browser, mine: Things, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "MOST", 1)
    place(keep, "a.txt", "b.txt")
    alice.post("/selection/delete", **mine.ids("a.txt", "b.txt"), sure="1")
    assert alice.follow().messages == ["Select at most 1 things at a time."]


@pytest.mark.parametrize("verb", VERBS)
def test_strangers_and_forged_forms_do_nothing(
    alice: Browser, carol: Browser, mine: Things, keep: Keep, verb: str
) -> None:
    place(keep, "a.txt", "to/x")
    ids = {**mine.ids("a.txt"), "here": mine.id("to"), "sure": "1"}
    assert carol.post(f"/selection/{verb}", **ids).status == 401
    assert alice.post(f"/selection/{verb}", token=False, **ids).status == 400
    assert alice.client.get(f"/selection/{verb}", query_string=ids).status_code == 200
    assert mine.listed() == ["to", "a.txt"], "asking changes nothing"
    assert mine.listed("to") == ["x"]


# Many


def test_five_thousand_files_take_seconds(
    app: Flask, alice: Browser, mine: Things, keep: Keep, used: Callable[[str], int]
) -> None:
    place(keep, "in/deep/a", "to/x")
    fill(app, mine, 5_000)
    for verb, act in (
        ("copy", lambda: mine.take("copy", "in", to="to")),
        ("move", lambda: mine.take("move", "to/in", to="")),
        ("delete", lambda: mine.delete("in (2)")),
    ):
        began = perf_counter()
        assert act().status == 303, verb
        assert perf_counter() - began < 10, verb
    assert len(mine.listed("in/deep")) == 50
    assert used("alice") == 2 * 5_000 * len("in/deep/a") + 2 * len("in/deep/a") + len("to/x")


def fill(app: Flask, mine: Things, many: int) -> None:
    """So many more rows on the bytes of in/deep/a."""
    with app.app_context():
        like = db.session.scalars(db.select(File).where(File.name == "a")).one()
        draft = copying.Draft(like.owner_id)
        for n in range(many):
            assert like.folder_id
            draft.add_file(like, like.folder_id, f"file {n}")
        draft.write()
        db.session.commit()
