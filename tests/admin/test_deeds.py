"""/admin/people/NAME/role and other deeds: proof first, typed names, and always an admin left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from tests.admin.conftest import Change
from tests.browser import Browser
from tests.conftest import PASSWORD

from frontdesk.accounts import people, service
from frontdesk.accounts.models import ADMIN, MEMBER, Member
from frontdesk.audit import LogEntry
from frontdesk.db import db, now
from frontdesk.forms import Refused

BOB = "/admin/people/bob"
FRESH = ["role", "demote", "end", "reset-link", "second-step", "delete"]


def role_of(app: Flask, name: str) -> str:
    with app.app_context():
        member = service.find(name)
        assert member
        return member.role


def test_a_member_becomes_an_admin_from_their_next_request_on(
    app: Flask, bob: Browser, root: Browser
) -> None:
    root.visit(root.visit(BOB).link("Change the role"))
    assert root.submit("role", role="admin").location == BOB
    assert root.follow().messages == ["The role is saved."]
    assert bob.visit("/admin/").status == 200
    with app.app_context():
        entry = db.session.scalars(select(LogEntry).where(LogEntry.what == "member.role")).one()
        assert (entry.who, entry.facts) == ("root", {"of": "bob", "role": "admin"})


def test_a_demoted_admin_loses_their_rights_at_once(
    bob: Browser, root: Browser, change: Change
) -> None:
    change("bob", role=ADMIN)
    assert bob.visit("/admin/people").status == 200
    root.visit(f"{BOB}/role")
    assert root.submit("role", role="member").location == f"{BOB}/demote"
    root.follow()
    assert root.submit("deed", typed="nobody").errors == {"typed": "Type bob to confirm"}
    assert bob.visit("/admin/people").status == 200
    assert root.submit("deed", typed="bob").location == BOB
    assert bob.visit("/admin/people").status == 404
    assert bob.post("/admin/people/root/sessions/end").status == 404
    assert bob.visit("/profile").status == 200


@pytest.mark.parametrize("role", ["", "king", "ADMIN"])
def test_only_the_roles_there_are(app: Flask, root: Browser, role: str) -> None:
    root.visit(f"{BOB}/role")
    page = root.submit("role", role=role)
    assert (page.status, page.errors) == (422, {"role": "Select a role"})
    assert role_of(app, "bob") == MEMBER


@pytest.mark.parametrize("deed", FRESH)
def test_proof_is_asked_for_when_the_last_is_old(root: Browser, deed: str) -> None:
    with time_machine.travel(now() + timedelta(minutes=11)):
        for page in (root.visit(f"{BOB}/{deed}"), root.post(f"{BOB}/{deed}", typed="bob")):
            assert page.location.startswith("/proof?next="), (page.status, page.text)


# The last admin


def test_the_last_admin_stays_an_admin(app: Flask, root: Browser) -> None:
    root.visit("/admin/people/root/demote")
    page = root.submit("deed", typed="root")
    assert page.status == 422
    assert page.problems == ["root is the last admin. Make another admin first."]
    assert role_of(app, "root") == ADMIN


@pytest.mark.parametrize(
    "facts", [{"disabled_at": now()}, {"waiting_since": now()}, {"leaves_at": now()}]
)
def test_an_admin_who_may_not_stay_does_not_count(
    app: Flask, root: Browser, change: Change, facts: dict[str, object]
) -> None:
    change("bob", role=ADMIN, **facts)
    assert root.post("/admin/people/root/demote", typed="root").status == 422
    assert role_of(app, "root") == ADMIN


def test_who_is_not_the_last_may_step_down(root: Browser, change: Change) -> None:
    change("bob", role=ADMIN)
    assert root.post("/admin/people/root/demote", typed="root").location == "/hello/"
    assert root.visit("/admin/").status == 404


def test_the_service_says_no_too(app: Flask) -> None:
    with app.app_context():
        root = service.find("root")
        assert root
        for deed in (
            lambda: service.set_enabled(root, False),
            lambda: people.set_role(root, MEMBER),
        ):
            with pytest.raises(Refused, match="last admin"):
                deed()
        assert db.session.get_one(Member, root.id).role == ADMIN


@pytest.mark.parametrize("deed", ["disable", "demote"])
def test_admins_who_end_each_other_at_once_leave_one(
    app: Flask, open_browser: Callable[[], Browser], change: Change, deed: str
) -> None:
    for name in ("alice", "bob"):
        change(name, role=ADMIN)
    victims = {"alice": "bob", "bob": "root", "root": "alice"}
    browsers = {name: open_browser() for name in victims}
    for name, browser in browsers.items():
        browser.log_in(name, PASSWORD)
        browser.visit(f"/admin/people/{victims[name]}/{deed}")

    def do(name: str) -> int:
        return browsers[name].submit("deed", typed=victims[name]).status

    with ThreadPoolExecutor(3) as threads:
        answers = Counter(threads.map(do, victims))
    with app.app_context():
        able = Member.role == ADMIN, Member.disabled_at.is_(None)
        left = len(db.session.scalars(select(Member.id).where(*able)).all())
    assert left == 3 - answers[303] >= 1


# What ends all ways in


def test_everything_that_lets_somebody_in_ends(
    app: Flask, bob: Browser, root: Browser, token: Callable[..., str]
) -> None:
    carries = {"Authorization": f"Bearer {token('bob')}"}
    assert app.test_client().get("/me", headers=carries).status_code == 200
    root.visit(root.visit(BOB).link("End everything"))
    assert root.submit("deed", typed="").status == 422 and bob.visit("/profile").status == 200
    assert root.submit("deed", typed="bob").location == BOB
    assert root.follow().messages == ["Everything that let bob in has ended."]
    assert bob.visit("/profile").status == 401
    assert app.test_client().get("/me", headers=carries).status_code == 401
    assert bob.log_in("bob", PASSWORD).status == 303


def test_one_does_not_end_oneself(root: Browser) -> None:
    assert root.post("/admin/people/root/end", typed="root").status == 422
    assert root.visit("/admin/").status == 200


# What other places do


def test_a_reset_link_is_shown_once_and_opens(root: Browser, carol: Browser) -> None:
    root.visit(root.visit(BOB).link("Create reset link"))
    page = root.submit("deed")
    link = str(page.html.select_one("input#secret[readonly]")["value"])
    assert page.status == 200 and page.response.headers["Cache-Control"] == "no-store"
    assert link not in root.visit(f"{BOB}/reset-link").response.text
    assert carol.visit("/" + link.split("/", 3)[3]).status in {200, 303}


def test_a_lost_second_step_is_removed(app: Flask, root: Browser, carol: Browser) -> None:
    with app.app_context():
        from frontdesk.accounts.models import Authenticator

        bob = service.find("bob")
        assert bob
        db.session.add(Authenticator(member_id=bob.id, sealed="x", confirmed_at=now()))
        db.session.commit()
    assert carol.log_in("bob", PASSWORD).location != "/hello/"
    root.visit(root.visit(BOB).link("Remove second step"))
    assert root.submit("deed").location == BOB
    assert "Second step no" in root.follow().text
    assert carol.log_in("bob", PASSWORD).location == "/hello/"


def test_an_account_is_deleted_by_its_typed_name_and_kept_again(app: Flask, root: Browser) -> None:
    root.visit(root.visit(BOB).link("Delete account"))
    assert root.submit("deed", typed="alice").errors == {"typed": "Type bob to confirm"}
    assert root.submit("deed", typed="bob").location == BOB
    assert "State leaving" in root.follow().text
    assert root.submit("keep").location == BOB
    assert "State may log in" in root.follow().text


def test_the_last_admin_is_not_deleted(root: Browser) -> None:
    assert root.post("/admin/people/root/delete", typed="root").status == 422
