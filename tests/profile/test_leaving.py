"""/profile/delete - an account ends after its grace; what goes with it, and what stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, text, update
from tests import postgresql
from tests.browser import Browser, Page
from tests.conftest import PASSWORD
from tests.files.tus import Tus

from frontdesk.accounts import service as accounts
from frontdesk.accounts.models import LEFT, LoginSession, Member, Token
from frontdesk.audit import LogEntry
from frontdesk.db import db, now, transaction
from frontdesk.files.models import Blob, File, Folder, Upload
from frontdesk.forms import Refused
from frontdesk.posts.models import Post
from frontdesk.profile import leaving

Keep = Callable[..., str]
Command = Callable[..., dict[str, Any]]


@pytest.fixture
def command(app: Flask) -> Command:
    """Types ``flask NAME --json``; what it printed."""

    def command(*words: str) -> dict[str, Any]:
        done = app.test_cli_runner().invoke(args=[*words, "--json"])
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return command


def leave(browser: Browser, name: str = "alice") -> Page:
    browser.visit("/profile/delete")
    return browser.submit("delete", username=name)


def pass_grace(command: Command, days: int = 15) -> int:
    """What the purge removes then."""
    with time_machine.travel(now() + timedelta(days=days)):
        return int(command("purge", "--force")["members"])


def count(app: Flask, model: Any) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def names(app: Flask) -> set[tuple[str, str]]:
    with app.app_context():
        found = db.session.execute(select(Member.username, Member.role)).all()
        return {(row.username, row.role) for row in found}


def send(browser: Browser, to: str, content: bytes = b"in a post") -> str:
    browser.visit("/post/new")
    page = browser.submit("post", to=to, message="hello", the_file=[(BytesIO(content), "p.txt")])
    assert page.status == 303
    return page.location


def clean(command: Command) -> bool:
    found = command("scrub", "--rate", "0")
    assert found["findings"] == []
    return bool(found["clean"])


# Asking


def test_the_profile_leads_there(alice: Browser) -> None:
    page = alice.visit(alice.visit("/profile").link("Delete my account"))
    assert page.title == "Delete my account"
    assert "The account alice goes in 14 days" in page.text


def test_strangers_are_asked_to_log_in(carol: Browser) -> None:
    assert carol.visit("/profile/delete").status == 401
    assert carol.post("/profile/keep").status == 401


def test_it_asks_for_proof_first(alice: Browser) -> None:
    with time_machine.travel(now() + timedelta(minutes=11)):
        assert alice.visit("/profile/delete").location == "/proof?next=/profile/delete"
        assert alice.post("/profile/delete", username="alice").location.startswith("/proof")


@pytest.mark.parametrize("typed", ["", " ", "bob", "alice2"])
def test_the_username_must_be_typed(app: Flask, alice: Browser, typed: str) -> None:
    page = leave(alice, typed)
    assert page.status == 422 and set(page.errors) == {"username"}
    assert alice.visit("/profile").status == 200


def test_it_says_when_and_logs_out_everywhere(
    app: Flask, alice: Browser, open_browser: Callable[[], Browser], token: Callable[..., str]
) -> None:
    phone = open_browser()
    phone.log_in("alice", PASSWORD)
    carries = {"Authorization": f"Bearer {token()}"}
    page = leave(alice, " Alice ")
    assert (page.status, page.location) == (303, "/")
    assert "Log in before then to keep it." in alice.follow().messages[0]
    assert alice.visit("/profile").status == phone.visit("/profile").status == 401
    assert app.test_client().get("/me", headers=carries).status_code == 401


def test_the_last_admin_stays(app: Flask, root: Browser) -> None:
    page = leave(root, "root")
    assert (page.status, page.problems) == (
        422,
        ["root is the last admin. Make another admin first."],
    )
    with app.app_context():
        member = accounts.find("root")
        assert member
        with pytest.raises(Refused):
            leaving.remove(member.id)


def test_links_open_nothing_until_the_account_is_kept(
    alice: Browser, carol: Browser, keep: Keep
) -> None:
    file_id = keep("alice", "a.txt")
    alice.visit(f"/file/{file_id}/change/link")
    alice.submit("link")
    link = str(alice.follow().html.select_one("input[readonly]")["value"])  # type: ignore[index]
    link = link.removeprefix("http://localhost")
    leave(alice)
    assert carol.visit(link).status == 410
    alice.log_in("alice", PASSWORD)
    alice.visit("/profile")
    alice.submit("keep-account")
    assert carol.visit(link).status == 200


# Thinking better of it


def test_every_page_says_it_and_leads_back(alice: Browser) -> None:
    leave(alice)
    alice.log_in("alice", PASSWORD)
    for address in ("/hello/", "/path/", "/help", "/nowhere"):
        assert alice.visit(address).html.select_one("form#keep-account"), address
    alice.submit("keep-account")
    assert alice.follow().messages == ["Your account stays."]
    assert not alice.page.html.select_one("form#keep-account")


def test_who_keeps_it_stays(app: Flask, alice: Browser, command: Command) -> None:
    leave(alice)
    alice.log_in("alice", PASSWORD)
    alice.visit("/hello/")
    alice.submit("keep-account")
    assert pass_grace(command) == 0
    assert ("alice", "member") in names(app)


def test_others_see_no_such_thing(alice: Browser, bob: Browser) -> None:
    leave(alice)
    assert not bob.visit("/hello/").html.select_one("form#keep-account")
    bob.post("/profile/keep")
    alice.log_in("alice", PASSWORD)
    assert alice.visit("/hello/").html.select_one("form#keep-account")


def test_nothing_goes_within_the_grace(app: Flask, alice: Browser, command: Command) -> None:
    leave(alice)
    assert pass_grace(command, days=13) == 0
    assert ("alice", "member") in names(app)


def test_asking_twice_does_not_move_the_day(app: Flask, alice: Browser) -> None:
    leave(alice)
    with app.app_context():
        member = accounts.find("alice")
        assert member
        first = member.leaves_at
    with app.test_request_context(), time_machine.travel(now() + timedelta(days=3)):
        assert leaving.ask(member.id) == first


def test_one_bad_reading_of_the_clock_removes_nobody(
    app: Flask, alice: Browser, command: Command
) -> None:
    command("purge")
    leave(alice)
    with time_machine.travel(now() + timedelta(days=400)):
        found = command("purge")
    assert found["waited"] and ("alice", "member") in names(app)


# What goes, and what stays


def test_all_that_was_theirs_goes_and_the_books_are_right(
    app: Flask, alice: Browser, bob: Browser, command: Command, keep: Keep
) -> None:
    keep("bob", "stays.txt", b"shared bytes")
    keep("alice", "same.txt", b"shared bytes")
    for content in (b"one", b"two"):
        keep("alice", "a.txt", content, folder="x/y", on_conflict="version")
    gone = keep("alice", "gone.txt", b"in the bin")
    alice.visit(f"/file/{gone}/change/delete")
    alice.submit("delete")
    Tus(alice).begin(1000)
    send(alice, "alice", b"to myself")
    leave(alice)
    assert pass_grace(command) == 1
    assert {name for name, _ in names(app)} == {"bob", "root"}
    with app.app_context():
        assert db.session.scalars(select(File.name)).all() == ["stays.txt"]
    assert [count(app, model) for model in (Upload, Post, Folder, Blob)] == [0, 0, 1, 1]
    assert clean(command)


def test_nothing_that_points_at_a_member_is_left(
    app: Flask, alice: Browser, command: Command, keep: Keep, token: Callable[..., str]
) -> None:
    keep("alice", "a.txt")
    token()
    with app.app_context():
        id = db.session.scalars(select(Member.id).where(Member.username == "alice")).one()
    leave(alice)
    alice.log_in("alice", PASSWORD)
    pass_grace(command)
    assert count(app, Token) == 0
    with app.app_context():
        for table in Member.metadata.sorted_tables:
            for column in table.c:
                if column.references(Member.__table__.c.id):
                    found = select(func.count()).where(column == id)
                    assert db.session.scalar(found) == 0, column
        if not postgresql.is_used():  # it has no way around its foreign keys
            assert not db.session.execute(text("PRAGMA foreign_key_check")).all()
        assert id not in db.session.scalars(select(LoginSession.member_id)).all()


def test_others_keep_the_posts_they_got_and_the_name(
    app: Flask, alice: Browser, bob: Browser, command: Command
) -> None:
    alice.visit("/profile")
    alice.submit("profile", display_name="Ada")
    place = send(alice, "bob", b"for bob")
    answer = send(bob, "alice", b"for alice")
    leave(alice)
    pass_grace(command)
    bob.log_in("bob", PASSWORD)
    page = bob.visit(place)
    assert page.title == "Post 1 from Ada" and "Answer" not in page.text
    assert bob.visit(page.link("p.txt")).response.data == b"for bob"
    assert "Ada" in bob.visit(answer).text
    assert names(app) == {("bob", "member"), ("root", "admin"), ("alice", LEFT)}
    assert clean(command)


def test_the_space_of_a_post_counts_to_nobody_any_more(
    app: Flask, alice: Browser, bob: Browser, command: Command
) -> None:
    send(alice, "bob")
    leave(alice)
    pass_grace(command)
    with app.app_context():
        assert db.session.scalars(select(Blob.kept_for)).all() == [None]
        assert not db.session.scalars(select(Member.used).where(Member.used != 0)).all()
    assert clean(command)


def test_the_name_goes_with_the_last_who_has_the_post(
    app: Flask, alice: Browser, bob: Browser, command: Command
) -> None:
    send(alice, "bob")
    leave(alice)
    pass_grace(command)
    bob.log_in("bob", PASSWORD)
    leave(bob, "bob")
    pass_grace(command)
    assert names(app) == {("root", "admin")}
    assert (count(app, Post), count(app, Blob)) == (0, 0)
    assert clean(command)


def test_the_username_is_free_and_the_old_name_is_nobody(
    app: Flask, alice: Browser, bob: Browser, command: Command
) -> None:
    place = send(alice, "bob")
    leave(alice)
    pass_grace(command)
    with app.app_context():
        accounts.create("alice", PASSWORD)
        key = db.session.scalars(select(Member.username_key).where(Member.role == LEFT)).one()
    new = Browser(app.test_client())
    assert new.log_in("alice", PASSWORD).status == 303
    assert new.visit(place).status == 404
    assert new.visit("/post/").title == "Posts" and "hello" not in new.page.text
    assert Browser(app.test_client()).log_in(key, "").status == 422


def test_the_log_keeps_the_name_without_the_member(
    app: Flask, alice: Browser, command: Command
) -> None:
    leave(alice)
    pass_grace(command)
    with app.app_context():
        entries = db.session.scalars(select(LogEntry).where(LogEntry.who == "alice")).all()
        assert "member.leave" in [entry.what for entry in entries]
        assert not [entry for entry in entries if entry.member_id]
        last = db.session.scalars(select(LogEntry).where(LogEntry.what == "member.remove")).one()
        assert last.facts == {"name": "alice"}


def test_where_it_was_cut_off_the_next_purge_goes_on(
    app: Flask, alice: Browser, command: Command, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep("alice", "a.txt")
    leave(alice)
    with monkeypatch.context() as patch:
        patch.setattr("frontdesk.posts.parting.part", lambda member: 1 / 0)
        with time_machine.travel(now() + timedelta(days=15)):
            failed = app.test_cli_runner().invoke(args=["purge", "--force"])
        assert isinstance(failed.exception, ZeroDivisionError)
    assert alice.log_in("alice", PASSWORD).status == 422, "it is closed already"
    assert pass_grace(command, days=16) == 1
    assert clean(command)


def test_removing_twice_is_once(app: Flask, command: Command) -> None:
    with app.app_context():
        member = accounts.find("alice")
        assert member
        id: UUID = member.id
        assert [leaving.remove(id), leaving.remove(id)] == [True, False]


def test_who_keeps_it_at_the_last_moment_stays(app: Flask) -> None:
    """The purge has listed them already."""
    with app.app_context():
        member = accounts.find("alice")
        assert member
        with transaction() as session:
            over = now() - timedelta(seconds=1)
            session.execute(update(Member).where(Member.id == member.id).values(leaves_at=over))
        assert list(leaving.due()) == [member.id]
        leaving.keep(member.id)
        assert not leaving.remove(member.id, if_due=True)


def test_of_two_admins_one_stays(app: Flask) -> None:
    with app.app_context():
        second = accounts.create("second", PASSWORD, is_admin=True)
        root = accounts.find("root")
        assert root
        leaving.ask(second.id)
        with pytest.raises(Refused):
            leaving.ask(root.id)


def test_a_letter_says_when_and_how_to_keep_it(start: Callable[..., Flask]) -> None:
    app = start(MAIL_URL="memory:", MAIL_FROM="d@x.example", PUBLIC_URL="http://localhost")
    with app.app_context(), transaction() as session:
        session.execute(update(Member).values(email="a@x.example"))
    alice = Browser(app.test_client())
    alice.log_in("alice", PASSWORD)
    leave(alice)
    (letter,) = app.extensions["mailman"].outbox
    assert "http://localhost/login" in letter.body and "UTC" in letter.body
