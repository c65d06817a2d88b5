"""/admin/people - the admin finds everybody, by a piece of a name, filtered, fifty at a time."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, insert
from tests.admin.conftest import Change
from tests.browser import Browser, Page

from frontdesk.accounts.models import Member, Passkey
from frontdesk.db import db, now, transaction


def names(page: Page) -> list[str]:
    assert page.status == 200
    return [row.a.get_text() for row in page.html.select("main tbody tr")]


def row(page: Page, name: str) -> str:
    (found,) = [r for r in page.html.select("main tbody tr") if r.a.get_text() == name]
    return " ".join(found.get_text(" ").split())


def settle(app: Flask, count: int) -> None:
    rows = [
        {
            "id": uuid.uuid4(),
            "username": f"p{number:05}",
            "username_key": f"p{number:05}",
            "password_hash": "",
            "display_name": f"Person {number}",
        }
        for number in range(count)
    ]
    with app.app_context(), transaction() as session:
        session.execute(insert(Member), rows)


@pytest.mark.parametrize("address", ["/admin/people", "/admin/people/bob", "/admin/space"])
def test_it_is_the_admins_alone(alice: Browser, carol: Browser, address: str) -> None:
    assert alice.visit(address).status == 404
    assert carol.visit(address).status == 401


def test_the_admins_pages_lead_there(root: Browser) -> None:
    page = root.visit(root.visit("/admin/").link("People"))
    assert page.title == "People" and names(page) == ["alice", "bob", "root"]


def test_a_row_says_role_state_space_and_when_they_were_seen(
    alice: Browser, root: Browser, change: Change
) -> None:
    change("bob", used=2_000_000, quota=5_000_000_000, disabled_at=now())
    change("alice", display_name="Alice A.")
    page = root.visit("/admin/people")
    today = f"{now():%-d %B %Y}"
    assert (
        row(page, "alice") == f"alice Alice A. member may log in 0 bytes of 50 GB seen on {today}"
    )
    assert row(page, "bob") == "bob member disabled 2.0 MB of 5.0 GB"
    assert row(page, "root") == f"root admin may log in 0 bytes of 50 GB seen on {today}"


def test_a_second_step_is_said(app: Flask, root: Browser) -> None:
    with app.app_context(), transaction() as session:
        member = session.query(Member).filter_by(username="bob").one()
        key = Passkey(member_id=member.id, credential_id=b"1", public_key=b"2", name="x")
        session.add(key)
    assert row(root.visit("/admin/people"), "bob").endswith("has a second step")


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("LIC", ["alice"]),
        ("lovel", ["bob"]),
        ("ÄNN", ["bob"]),
        ("王", ["root"]),
        ("Bob@Example", ["bob"]),
        ("%", []),
        ("_", []),
        ("\\", []),
        ("' OR 1=1 --", []),
        ("", ["alice", "bob", "root"]),
    ],
)
def test_a_piece_of_a_name_or_address_finds_them(
    root: Browser, change: Change, key: str, found: list[str]
) -> None:
    change("bob", display_name="ÄNNe Lovelace", email="bob@example.com")
    change("root", display_name="王小明")
    root.visit("/admin/people")
    assert names(root.submit("search", key=key)) == found


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("Admins", ["root"]),
        ("Members", ["alice", "bob", "dora"]),
        ("May log in", ["alice", "dora", "root"]),
        ("Disabled", []),
        ("Not let in yet", ["bob"]),
        ("Leaving", ["alice"]),
    ],
)
def test_roles_and_states_filter(
    app: Flask, root: Browser, change: Change, link: str, found: list[str]
) -> None:
    with app.app_context(), transaction() as session:
        session.add(Member(username="dora", username_key="dora", password_hash=""))
    change("bob", waiting_since=now())
    change("alice", leaves_at=now() + timedelta(days=3))
    page = root.visit(root.visit("/admin/people").link(link))
    assert names(page) == found
    assert page._words(page.html.select_one(".filters [aria-current]")) in {link, "All roles"}


def test_a_filter_and_a_search_go_together(root: Browser) -> None:
    root.visit("/admin/people?role=member")
    page = root.submit("search", key="o")
    assert names(page) == ["bob"] and "role=member" in page.link("May log in")


def test_what_the_address_says_wrongly_is_everybody(root: Browser) -> None:
    page = root.visit("/admin/people?role=king&state=x&after=p.x.y&sort=size&order=desc")
    assert len(names(page)) == 3


def test_nobody_is_said_so(root: Browser) -> None:
    page = root.visit("/admin/people?key=zzz")
    assert "Nobody is like that." in page.text and page.link("Show everybody") == "/admin/people"


def test_fifty_are_shown_and_links_lead_on_and_back(app: Flask, root: Browser) -> None:
    settle(app, 60)
    first = root.visit("/admin/people?state=enabled")
    second = root.visit(first.link("Next 50"))
    assert (len(names(first)), len(names(second))) == (50, 13)
    assert names(root.visit(second.link("Previous 50"))) == names(first)


@pytest.mark.sqlite
def test_ten_thousand_people_are_one_query_that_walks_the_index(app: Flask, root: Browser) -> None:
    settle(app, 10_000)
    asked: list[tuple[str, tuple[Any, ...]]] = []
    with app.app_context():
        event.listen(db.engine, "after_cursor_execute", lambda *args: asked.append(args[2:4]))
    page = root.visit("/admin/people?after=p.00000000000000000000000000000000.p05000")
    assert names(page)[0] == "p05000" and len(names(page)) == 50
    lists = [(said, facts) for said, facts in asked if "FROM members" in said]
    ((listing, facts),) = [one for one in lists if "username_key" in one[0]]
    assert len(lists) <= 2 and "count(" not in str(lists).lower()  # the other is who asks
    with app.app_context():
        connection = db.session.connection()
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {listing}", facts).all()
    assert "sqlite_autoindex_members" in str(plan) and "SCAN members" not in str(plan)


def test_a_search_among_ten_thousand_finds_the_one(app: Flask, root: Browser) -> None:
    settle(app, 10_000)
    assert names(root.visit("/admin/people?key=person+9999")) == ["p09999"]


def test_markup_in_names_is_text(root: Browser, change: Change) -> None:
    change("bob", display_name="<img src=x>", email="<b>@x")
    for address in ("/admin/people", "/admin/people/bob"):
        page = root.visit(address)
        assert "<img src=x>" in page.text and not page.html.select("main img, main b")
