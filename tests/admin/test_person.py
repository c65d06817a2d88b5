"""/admin/people/NAME - one person: facts, quota, log-ins, and whether they may log in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from tests.admin.conftest import Change
from tests.browser import Browser
from tests.conftest import PASSWORD

from frontdesk.accounts import service as accounts
from frontdesk.accounts.models import Member
from frontdesk.audit import LogEntry
from frontdesk.db import db, now
from frontdesk.forms.sizes import spoken, understood

BOB = "/admin/people/bob"


def quota_of(app: Flask, name: str) -> int | None:
    with app.app_context():
        member = accounts.find(name)
        assert member
        return member.quota


def noted(app: Flask, what: str) -> LogEntry:
    with app.app_context():
        return db.session.scalars(select(LogEntry).where(LogEntry.what == what)).one()


def test_the_list_leads_there_and_facts_are_said(
    bob: Browser, root: Browser, change: Change, keep: Callable[..., str]
) -> None:
    keep("bob", "a.txt", b"x" * 2500)
    change("bob", display_name="Robert", email="bob@example.com")
    page = root.visit(root.visit("/admin/people").link("bob"))
    assert page.title == "bob"
    said = "Display name Robert Email address bob@example.com (not confirmed) Role member"
    assert said in page.text and "2.5 kB of 50 GB" in page.text


@pytest.mark.parametrize("name", ["nobody", "%00", "ALICE2", "a%2Fb", "x" * 300])
def test_who_is_not_there_is_not_found(root: Browser, name: str) -> None:
    assert root.visit(f"/admin/people/{name}").status == 404


def test_case_does_not_matter(root: Browser) -> None:
    assert root.visit("/admin/people/BOB").title == "bob"


DEEDS = (
    *("quota", "enable", "disable", "role", "demote", "end", "sessions/end", "keep"),
    *("reset-link", "second-step", "delete", "sessions/00000000-0000-0000-0000-000000000000/end"),
)


@pytest.mark.parametrize("deed", DEEDS)
def test_a_member_can_do_nothing_to_anybody(alice: Browser, carol: Browser, deed: str) -> None:
    assert alice.post(f"{BOB}/{deed}", typed="bob", role="admin").status == 404
    assert carol.post(f"{BOB}/{deed}", typed="bob", role="admin").status == 401


@pytest.mark.parametrize("deed", DEEDS)
def test_nothing_is_done_to_nobody(root: Browser, deed: str) -> None:
    assert root.post(f"/admin/people/nobody/{deed}").status == 404


@pytest.mark.parametrize("deed", ["quota", "enable", "sessions/end", "keep"])
def test_looking_changes_nothing(root: Browser, deed: str) -> None:
    assert root.visit(f"{BOB}/{deed}").status == 405


# The quota


@pytest.mark.parametrize(
    ("typed", "bytes"),
    [
        ("50 GB", 50_000_000_000),
        ("50gb", 50_000_000_000),
        ("1.5 TB", 1_500_000_000_000),
        ("1,5 m", 1_500_000),
        ("2 GiB", 2 * 1024**3),
        ("５０ ＧＢ", 50_000_000_000),
        ("17 bytes", 17),
        ("300 字节", 300),
        ("0", 0),
        ("", None),
        ("  ", None),
    ],
)
def test_a_quota_is_typed_as_people_say_it(
    app: Flask, root: Browser, change: Change, typed: str, bytes: int | None
) -> None:
    change("bob", quota=12)
    root.visit(BOB)
    assert root.submit("space-allowed", quota=typed).location == BOB
    assert root.follow().messages == ["The quota is saved."]
    assert quota_of(app, "bob") == bytes


@pytest.mark.parametrize(
    "typed", ["50", "-1 GB", "many", "1e9 GB", "9999999 TB", "1 2 GB", "1.2.3 GB", "GB", "∞"]
)
def test_what_is_no_size_is_refused_and_stays_to_be_mended(
    app: Flask, root: Browser, typed: str
) -> None:
    root.visit(BOB)
    page = root.submit("space-allowed", quota=typed)
    assert (page.status, page.errors) == (422, {"quota": "Enter a size with its unit, like 50 GB"})
    assert page.html.select_one("#quota")["value"] == typed
    assert quota_of(app, "bob") is None


@pytest.mark.parametrize("count", [0, 1, 999, 1_000, 1_234, 1_234_567, 50 * 10**9, 10**18 - 1])
def test_a_size_is_shown_so_that_it_is_understood_again(count: int) -> None:
    assert understood(spoken(count)) == count


def test_the_quota_holds_at_once_and_is_in_the_log(app: Flask, bob: Browser, root: Browser) -> None:
    root.visit(BOB)
    root.submit("space-allowed", quota="3 MB")
    assert "3.0 MB" in bob.visit("/upload").text
    entry = noted(app, "member.quota")
    assert (entry.who, entry.facts) == ("root", {"of": "bob", "quota": 3_000_000})


# Whether they may log in


def test_a_disabled_member_is_out_at_once_and_may_come_back(
    app: Flask, bob: Browser, root: Browser, carol: Browser
) -> None:
    root.visit(BOB)
    assert root.submit("disable").status == 303
    assert root.follow().messages == ["bob is disabled."] and "State disabled" in root.page.text
    assert bob.visit("/profile").status == 401 and carol.log_in("bob", PASSWORD).status == 422
    assert root.submit("enable").status == 303
    assert carol.log_in("bob", PASSWORD).status == 303
    assert [noted(app, f"member.{verb}").who for verb in ("disable", "enable")] == ["root"] * 2


def test_twice_is_once(root: Browser) -> None:
    for verb in ("disable", "disable", "enable", "enable"):
        assert root.post(f"{BOB}/{verb}").status == 303


def test_nobody_disables_themselves(root: Browser) -> None:
    page = root.visit("/admin/people/root")
    assert not page.html.select("form#disable, a[href$='/disable'], a[href$='/end']")
    page = root.post("/admin/people/root/disable", typed="root")
    assert page.status == 422 and "This is you" in page.problems[0]
    assert root.visit("/admin/").status == 200


def test_another_admin_is_disabled_only_by_typing_their_name(
    app: Flask, bob: Browser, root: Browser, change: Change
) -> None:
    change("bob", role="admin")
    page = root.visit(root.visit(BOB).link("Disable"))
    assert page.title == "Disable bob?"
    page = root.submit("deed", typed="alice")
    assert (page.status, page.errors) == (422, {"typed": "Type bob to confirm"})
    assert root.submit("deed", typed="").status == 422 and bob.visit("/admin/").status == 200
    assert root.submit("deed", typed=" BOB ").location == BOB
    assert bob.visit("/admin/").status == 401


# Where they are logged in


def test_one_log_in_is_ended_and_the_other_goes_on(
    open_browser: Callable[[], Browser], root: Browser
) -> None:
    phone, desk = open_browser(), open_browser()
    phone.headers["User-Agent"] = "Phone/1"
    phone.log_in("bob", PASSWORD)
    desk.log_in("bob", PASSWORD)
    page = root.visit(BOB)
    rows = [page._words(row) for row in page.html.select("#sessions > li")]
    (number,) = [n for n, row in enumerate(rows, 1) if "Phone/1" in row]
    assert root.submit(f"end-{number}").location == BOB
    assert root.follow().messages == ["That log-in has ended."]
    assert (phone.visit("/profile").status, desk.visit("/profile").status) == (401, 200)


def test_a_session_of_somebody_else_is_not_ended_under_this_name(
    alice: Browser, root: Browser
) -> None:
    address = str(root.visit("/admin/people/alice").html.select_one("#end-1")["action"])
    assert root.post(address.replace("alice", "bob")).status == 303
    assert alice.visit("/profile").status == 200


def test_all_log_ins_end(app: Flask, bob: Browser, root: Browser) -> None:
    root.visit(BOB)
    assert root.submit("end-all").status == 303
    assert "Nowhere at the moment." in root.follow().text
    assert bob.visit("/profile").status == 401
    assert noted(app, "session.end-all").who == "root"


def test_markup_in_what_a_device_says_is_text(
    open_browser: Callable[[], Browser], root: Browser
) -> None:
    device = open_browser()
    device.headers["User-Agent"] = "<img src=x>"
    device.log_in("bob", PASSWORD)
    page = root.visit(BOB)
    assert "<img src=x>" in page.text and not page.html.select("main img")


def test_the_form_says_what_is_kept(root: Browser, change: Change) -> None:
    change("bob", quota=1_500_000, disabled_at=now())
    page = root.visit(BOB)
    assert page.html.select_one("#quota")["value"] == "1.5 MB"
    assert page.html.select_one("form#enable") and not page.html.select("form#disable")


def test_a_person_without_anything_is_shown(app: Flask, root: Browser) -> None:
    with app.app_context():
        db.session.add(Member(username="new", username_key="new", password_hash=""))
        db.session.commit()
    assert "Nowhere at the moment." in root.visit("/admin/people/new").text
