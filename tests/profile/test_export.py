"""/profile/export - a member takes along all that is theirs, and nothing that is another's."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import time_machine
from flask import Flask
from tests.browser import Browser
from tests.conftest import PASSWORD

from frontdesk import audit
from frontdesk.accounts import service as accounts
from frontdesk.db import now, transaction
from frontdesk.profile import portable

Keep = Callable[..., str]


def address(browser: Browser) -> str:
    browser.visit("/profile/export")
    page = browser.submit("export")
    assert page.status == 303
    return page.location


def fetch(browser: Browser) -> zipfile.ZipFile:
    return zipfile.ZipFile(BytesIO(browser.visit(address(browser)).response.data))


def account(browser: Browser) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(fetch(browser).read("account.json"))
    return found


def send(browser: Browser, to: str, message: str, content: bytes = b"sent") -> None:
    browser.visit("/post/new")
    name = f"{message}.txt"
    page = browser.submit("post", to=to, message=message, the_file=[(BytesIO(content), name)])
    assert page.status == 303


def test_the_profile_leads_there(alice: Browser) -> None:
    page = alice.visit(alice.visit("/profile").link("Download my data"))
    assert (page.status, page.title) == (200, "Download my data")


def test_strangers_are_asked_to_log_in(alice: Browser, carol: Browser) -> None:
    assert carol.visit("/profile/export").status == 401
    assert carol.visit(address(alice)).status == 401


def test_it_asks_for_proof_first_but_a_download_goes_on_without(alice: Browser) -> None:
    place = address(alice)
    with time_machine.travel(now() + timedelta(minutes=11)):
        assert alice.visit("/profile/export").location.startswith("/proof")
        assert alice.post("/profile/export").location.startswith("/proof")
        assert alice.visit(place).status == 200


def test_a_link_is_good_for_its_member_alone_and_for_a_week(
    alice: Browser, bob: Browser, open_browser: Callable[[], Browser]
) -> None:
    place = address(alice)
    assert bob.visit(place).status == 404
    assert alice.visit(place[:-3]).status == 404
    with time_machine.travel(now() + timedelta(days=8)):
        later = open_browser()
        later.log_in("alice", PASSWORD)
        assert later.visit(place).status == 410


def test_files_come_as_they_lie_with_any_name(alice: Browser, keep: Keep) -> None:
    keep("alice", "你好 ö.txt", b"hello", folder="Berichte/年度")
    keep("alice", "a.txt", b"a")
    found = fetch(alice)
    assert found.testzip() is None
    assert found.read("Files/Berichte/年度/你好 ö.txt") == b"hello"
    assert found.read("Files/a.txt") == b"a"


def test_what_is_in_the_bin_comes_too(alice: Browser, keep: Keep) -> None:
    file_id = keep("alice", "old.txt", b"old")
    alice.visit(f"/file/{file_id}/change/delete")
    alice.submit("delete")
    assert fetch(alice).read("Bin/old.txt") == b"old"
    (file,) = account(alice)["files"]
    assert file["deleted_at"]


def test_earlier_versions_are_told(alice: Browser, keep: Keep) -> None:
    for content in (b"one", b"three"):
        keep("alice", "a.txt", content, on_conflict="version")
    (file,) = account(alice)["files"]
    assert (file["version"], file["size"]) == (2, 5)
    assert [version["size"] for version in file["earlier_versions"]] == [3]


def test_posts_come_with_their_files_and_others_names_only(alice: Browser, bob: Browser) -> None:
    send(bob, "alice, root", "for you", b"bytes")
    send(alice, "bob", "back")
    found = fetch(alice)
    assert found.read("Posts/1/for you.txt") == b"bytes"
    first, second = json.loads(found.read("account.json"))["posts"]
    assert (first["from"], first["to"], first["message"]) == ("bob", ["alice", "root"], "for you")
    assert second["files"][0]["name"] == "back.txt"


def test_nothing_of_another_member_is_in_it(
    app: Flask, alice: Browser, bob: Browser, root: Browser, keep: Keep
) -> None:
    keep("bob", "bobs.txt", b"bob's own")
    send(bob, "root", "between them")
    bob.visit("/profile")
    bob.submit("profile", about="about bob")
    found = fetch(alice)
    said = found.read("account.json").decode()
    assert not [word for word in ("bobs", "between", "about bob") if word in said]
    assert {name for name in found.namelist() if "bob" in name or "Posts" in name} == set()


def test_no_secret_is_in_it(app: Flask, alice: Browser, token: Callable[..., str]) -> None:
    secret = token()
    found = account(alice)
    assert found["tokens"][0]["name"] == "test"
    assert found["sessions"][0]["method"] == "password"
    with app.app_context():
        member = accounts.find("alice")
        assert member
        hidden = [secret, secret[3:], member.password_hash]
    said = json.dumps(found)
    assert not [word for word in (*hidden, "token_hash", "password_hash") if word in said]


def test_the_address_of_an_admin_is_not_in_it(app: Flask, alice: Browser) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": "198.51.100.7"}):
        member = accounts.find("alice")
        assert member
        with transaction():
            audit.record("member.quota", member_id=member.id, who="root")
    entries = account(alice)["log"]
    assert [entry["address"] for entry in entries if entry["who"] == "root"] == [""]
    assert "198.51.100.7" not in json.dumps(entries)
    assert [entry for entry in entries if entry["address"] == "127.0.0.1"]


def test_a_download_goes_on_where_it_was_cut_off(alice: Browser, keep: Keep) -> None:
    keep("alice", "a.bin", bytes(range(256)) * 1000)
    place = address(alice)
    whole = alice.visit(place).response
    with time_machine.travel(now() + timedelta(minutes=20)):
        alice.visit("/hello/")  # the log-in is seen anew
        rest = alice.visit(place, Range="bytes=1000-", **{"If-Range": whole.headers["ETag"]})
    assert rest.status == 206 and rest.response.data == whole.data[1000:]
    assert whole.headers["Content-Length"] == str(len(whole.data))


def test_too_much_for_one_zip_is_said(
    alice: Browser, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portable, "MOST", 2)
    for name in "abc":
        keep("alice", name)
    page = alice.visit(address(alice))
    assert page.status == 413 and "too much for one zip" in page.problems[0]


def test_a_member_with_nothing_gets_their_account(bob: Browser) -> None:
    found = fetch(bob)
    assert found.namelist() == ["account.json"]
    assert json.loads(found.read("account.json"))["profile"]["username"] == "bob"


def test_the_log_says_that_it_was_asked_for(alice: Browser) -> None:
    assert account(alice)["log"][-1]["what"] == "member.export"


def test_a_program_with_a_token_gets_none(app: Flask, token: Callable[..., str]) -> None:
    answer = app.test_client().post(
        "/profile/export", headers={"Authorization": f"Bearer {token(scope='write')}"}
    )
    assert answer.status_code == 403
