"""What becomes of versions: with their file, at their limits, in many hands at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select
from tests.browser import Browser
from tests.files.conftest import a_file, names_on
from tests.files.test_races import Crowd, set_quota
from tests.files.test_versions import got, listed, save
from tests.files.things import Things
from werkzeug.exceptions import NotFound

from frontdesk.db import db
from frontdesk.files import history, removal, service
from frontdesk.files.models import Blob, File, Version
from frontdesk.files.purge import purge

# What becomes of them


def test_they_come_back_from_the_bin_with_their_file(alice: Browser, id: str) -> None:
    alice.post(f"/file/{id}/change/delete")
    alice.post(f"/file/{id}/change/undo")
    assert len(listed(alice)) == 2
    assert got(alice, f"/file/{id}/version/1/a.txt") == b"first"


def test_they_keep_to_their_file_under_another_name(alice: Browser, id: str) -> None:
    alice.visit(f"/file/{id}/change/rename")
    alice.submit("rename", name="b.txt")
    assert got(alice, f"/file/{id}/version/1/a.txt") == b"first"
    save(alice, b"other")
    assert names_on(alice.visit("/path/")) == ["a.txt", "b.txt"]


def test_they_move_with_their_file(app: Flask, alice: Browser, id: str, keep: Any) -> None:
    keep("alice", "b.txt", folder="far")
    things = Things(app, alice, "alice")
    things.take("move", "a.txt", to="far")
    assert things.id("far/a.txt") == id
    assert got(alice, f"/file/{id}/version/1/a.txt") == b"first"


def test_a_copy_begins_with_the_newest(
    app: Flask, alice: Browser, id: str, keep: Any, used: Callable[[str], int]
) -> None:
    keep("alice", "b.txt", b"b", "far")
    things = Things(app, alice, "alice")
    things.take("copy", "a.txt", to="far")
    copy = things.id("far/a.txt")
    assert used("alice") == 5 + 6 + 1 + 6
    assert alice.visit(f"/file/{copy}/version/1/a.txt").response.data == b"second"
    assert alice.visit(f"/file/{copy}/version/2/a.txt").status == 404
    alice.post(f"/file/{id}/version/1/change/restore")
    alice.post(f"/file/{id}/version/2/change/remove")
    assert got(alice, "/path/far/a.txt") == b"second"


def test_they_go_and_come_back_with_their_folder(
    app: Flask, alice: Browser, keep: Any, used: Callable[[str], int]
) -> None:
    keep("alice", "a.txt", b"first", "in")
    id = keep("alice", "a.txt", b"second", "in", on_conflict="version")
    things = Things(app, alice, "alice")
    folder = things.id("in")
    things.delete("in")
    assert alice.visit(f"/file/{id}/version/1/a.txt").status == 404
    alice.post(f"/folder/{folder}/change/undo")
    assert got(alice, f"/file/{id}/version/1/a.txt") == b"first"
    assert used("alice") == 11


def test_they_go_for_good_with_their_file(
    app: Flask, alice: Browser, id: str, used: Callable[[str], int]
) -> None:
    alice.post(f"/file/{id}/change/delete")
    alice.post(f"/file/{id}/change/remove")
    assert used("alice") == 0
    with app.app_context():
        purge()
        assert db.session.scalars(select(Version)).all() == []
        assert db.session.scalars(select(Blob)).all() == []


def test_a_post_holds_the_bytes_that_were_sent(alice: Browser, bob: Browser) -> None:
    alice.visit("/post/new")
    alice.submit("post", to="bob", message="", the_file=a_file("a.txt", b"sent"))
    alice.visit("/upload")
    alice.submit("upload", the_file=a_file("a.txt", b"later"), folder="Sent", on_conflict="version")
    post = bob.visit("/post/1")
    assert got(bob, post.link("a.txt").partition("?")[0]) == b"sent"
    page = alice.visit("/path/Sent/a.txt")
    alice.visit(page.link("Delete version 1"))
    page = alice.submit("remove")
    assert page.status == 422
    assert "A post holds this version, so it stays and takes its space." in page.problems


def test_a_link_gives_the_newest(alice: Browser, carol: Browser, id: str) -> None:
    alice.visit(f"/file/{id}/change/link")
    alice.submit("link")
    token = alice.follow().html.select_one("main input[readonly]")["value"].rpartition("/")[2]
    save(alice, b"third")
    assert got(carol, f"/s/{token}/a.txt") == b"third"


# Limits


class TestOfThree:
    """With three versions at most."""

    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"MAX_VERSIONS": 3}

    def test_the_oldest_goes_and_gives_its_space_back(
        self, alice: Browser, id: str, used: Callable[[str], int]
    ) -> None:
        for content in (b"third", b"fourth"):
            save(alice, content)
        assert [int(name.split()[1].strip(",")) for name in listed(alice)] == [4, 3, 2]
        assert "The newest 3 versions are kept" in alice.page.text
        assert used("alice") == len(b"secondthirdfourth")

    def test_one_that_a_post_holds_stays_and_counts(
        self, alice: Browser, used: Callable[[str], int]
    ) -> None:
        alice.visit("/post/new")
        alice.submit("post", to="bob", message="", the_file=a_file("a.txt", b"0"))
        for number in range(1, 6):
            alice.visit("/upload")
            file = a_file("a.txt", b"%d" % number)
            alice.submit("upload", the_file=file, folder="Sent", on_conflict="version")
        page = alice.visit("/path/Sent/a.txt")
        names = page.html.select("[aria-labelledby=versions] .name")
        assert [int(name.get_text().split()[1].strip(",")) for name in names] == [6, 5, 4, 1]
        assert used("alice") == 4


def test_no_limit_keeps_all(start: Callable[..., Flask]) -> None:
    app = start(MAX_VERSIONS=0)
    alice = Browser(app.test_client())
    alice.log_in("alice", "a long enough password")
    for number in range(25):
        save(alice, b"%d" % number)
    assert len(listed(alice)) == 25
    assert "All versions are kept" in alice.page.text


def test_no_version_goes_over_the_quota(
    app: Flask, alice: Browser, id: str, used: Callable[[str], int]
) -> None:
    set_quota(app, 14)
    page = save(alice, b"four")
    assert page.status == 413
    assert used("alice") == 11
    assert len(listed(alice)) == 2
    page = alice.post(f"/file/{id}/version/1/change/restore")
    assert "No space is left for “a.txt”." in " ".join(alice.follow().messages)
    assert save(alice, b"thr").status == 303


# Many at once


@pytest.fixture
def crowd(alice: Browser) -> Iterator[Crowd]:
    yield Crowd(alice)


def test_two_versions_at_a_time_are_both_kept(
    app: Flask, crowd: Crowd, id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "MAX_VERSIONS", 0)
    answers = crowd.all(lambda n: crowd.upload("a.txt", b"%03d" % n, on_conflict="version"))
    assert answers == {303: 32}
    with app.app_context():
        file = db.session.scalars(select(File)).one()
        earlier = db.session.scalars(select(Version).order_by(Version.number)).all()
        assert file.version == 34
        assert [one.number for one in earlier] == list(range(1, 34))
        blobs = {one.blob_id for one in earlier} | {file.blob_id}
        kept = {service.storage().path(blob).read_bytes() for blob in blobs}
        assert kept == {b"%03d" % n for n in range(32)} | {b"first", b"second"}


def test_restoring_and_removing_at_once_leaves_the_books_right(crowd: Crowd, id: str) -> None:
    verbs = ("restore", "remove")
    answers = crowd.all(lambda n: crowd.post(f"/file/{id}/version/1/change/{verbs[n % 2]}", {}))
    assert set(answers) <= {303, 404}


def test_a_file_that_is_gone_meanwhile_is_not_found(app: Flask, keep: Callable[..., str]) -> None:
    id = UUID(keep("alice", "a.txt"))

    def remove() -> None:
        with app.app_context():
            service.delete(gone := db.session.get_one(File, id))
            removal.remove_file(gone.owner_id, id)

    with app.test_request_context():
        file = db.session.get_one(File, id)
        other = Thread(target=remove)  # whom this one's write lock waits for
        other.start()
        other.join()
        with pytest.raises(NotFound):
            history.restore(file, 1)
