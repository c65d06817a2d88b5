"""/admin/ - the house at a glance."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import update
from tests.browser import Browser

from frontdesk.accounts.models import Member
from frontdesk.db import now, transaction


def test_the_admin_sees_the_house_and_the_log(root: Browser, keep: Callable[..., str]) -> None:
    keep("alice", "a.txt", b"x" * 2500)
    page = root.visit("/admin/")
    assert (page.status, page.title) == (200, "Admin")
    assert "People 3 Files 1 Used by all 2.5 kB Free on the disk" in page.text
    assert "logged in" in page.html.select_one("tbody").get_text()


def test_who_waits_for_a_yes_is_one_click_away(app: Flask, root: Browser) -> None:
    assert "Wait for your yes" not in root.visit("/admin/").text
    with app.app_context(), transaction() as session:
        session.execute(update(Member).where(Member.username == "bob").values(waiting_since=now()))
    assert "Wait for your yes 1" in root.visit("/admin/").text
    page = root.visit(root.page.link("1"))
    assert page.title == "Waiting" and "bob" in page.text


def test_a_stranger_is_asked_to_log_in(carol: Browser) -> None:
    page = carol.visit("/admin/")
    assert page.status == 401
    page = carol.submit("login", username="root", password="a long enough password")
    assert page.location == "/admin/"


@pytest.mark.parametrize("address", ["/admin/", "/admin/nothing", "/admin"])
def test_for_a_member_it_is_not_there(alice: Browser, address: str) -> None:
    page = alice.visit(address)
    assert page.status in {404, 308}
    if page.status == 308:
        assert alice.follow().status == 404


def test_only_the_admin_is_shown_the_way(alice: Browser, root: Browser) -> None:
    assert "/admin/" in root.visit("/hello/").links.values()
    assert "/admin/" not in alice.visit("/hello/").links.values()


def test_it_is_to_be_read_only(root: Browser) -> None:
    assert root.client.post("/admin/").status_code == 405


def test_what_people_typed_is_text(carol: Browser, root: Browser) -> None:
    carol.log_in("<script>alert(1)</script>", "wrong")
    page = root.visit("/admin/")
    assert "<script>alert(1)</script>" in page.text
    assert not page.html.select("main script")
