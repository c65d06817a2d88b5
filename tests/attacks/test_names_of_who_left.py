"""A name that stands in posts for who has left is nobody: nothing finds, enables or counts it."""

from __future__ import annotations

from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import delete, select
from tests.browser import Browser

from frontdesk.accounts import people, service
from frontdesk.accounts.models import LEFT, Member
from frontdesk.db import db, transaction

KEY = f"left:{uuid4()}"


@pytest.fixture(autouse=True)
def name(app: Flask) -> None:
    """One whose row a defect has opened: enabled, and with everything that could be believed."""
    with app.app_context(), transaction() as session:
        hash_of_alice = session.scalars(
            select(Member.password_hash).where(Member.username == "alice")
        ).one()
        session.add(
            Member(username="zoe", username_key=KEY, password_hash=hash_of_alice, role=LEFT)
        )


def test_nobody_logs_in_as_it(carol: Browser) -> None:
    for typed in (KEY, KEY.upper(), "zoe"):
        assert carol.log_in(typed, "a long enough password").status == 422


@pytest.mark.parametrize(
    "deed", ["", "/disable", "/role", "/reset-link", "/delete", "/second-step"]
)
def test_an_admin_finds_nobody_of_that_name(root: Browser, deed: str) -> None:
    for named in (KEY, "zoe"):
        assert root.visit(f"/admin/people/{named}{deed}").status == 404
        assert root.post(f"/admin/people/{named}/enable").status == 404


@pytest.mark.parametrize("asked", ["", "?key=zoe", "?key=left:", "?state=enabled", "?role=left"])
def test_no_search_lists_it(root: Browser, asked: str) -> None:
    assert "zoe" not in root.visit(f"/admin/people{asked}").html.select_one("main").get_text()


def test_no_list_of_people_names_it(app: Flask, alice: Browser) -> None:
    assert "zoe" not in alice.client.get("/users").text
    assert not alice.visit("/post/new").html.find_all(string="zoe")
    listed = app.test_cli_runner().invoke(args=["user", "list", "--json"])
    assert "alice" in listed.output and "zoe" not in listed.output


@pytest.mark.parametrize("deed", ["enable", "disable", "role"])
def test_no_command_changes_it(app: Flask, deed: str) -> None:
    more = ["admin"] if deed == "role" else []
    done = app.test_cli_runner().invoke(args=["user", deed, KEY, *more])
    assert done.exit_code == 3
    with app.app_context():
        assert db.session.scalars(select(Member.role).where(Member.username == "zoe")).one() == LEFT


def test_a_site_with_names_alone_has_nobody(app: Flask) -> None:
    with app.app_context():
        assert service.anybody() and people.count() == 3
        with transaction() as session:
            session.execute(delete(Member).where(Member.role != LEFT))
        assert not service.anybody() and people.count() == 0
