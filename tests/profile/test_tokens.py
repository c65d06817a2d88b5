"""/profile/tokens - a member lets programs in, sees each token once, and ends it."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from tests.browser import Browser, Page

from frontdesk.accounts import tokens
from frontdesk.accounts.models import Token
from frontdesk.audit import LogEntry
from frontdesk.db import db

SECRET = re.compile(r"fd_[\w-]{43}")


def create(browser: Browser, name: str = "backup", **answers: str) -> Page:
    browser.visit("/profile/tokens")
    return browser.submit("token", name=name, **answers)


def secret_on(page: Page) -> str:
    field = page.html.select_one("input#secret[readonly]")
    assert field, page.text
    return str(field["value"])


def listed(page: Page) -> list[str]:
    return [page._words(row) for row in page.html.select("#tokens li")]


def test_the_profile_leads_there(alice: Browser) -> None:
    address = alice.visit("/profile").link("Tokens for programs")
    assert alice.visit(address).title == "Tokens"


def test_a_new_token_is_shown_in_full_and_opens_the_files(app: Flask, alice: Browser) -> None:
    secret = secret_on(create(alice))
    assert SECRET.fullmatch(secret)
    answer = app.test_client().get("/me", headers={"Authorization": f"Bearer {secret}"})
    assert (answer.status_code, answer.json["username"]) == (200, "alice")


def test_it_is_shown_once(alice: Browser) -> None:
    secret = secret_on(create(alice))
    page = alice.visit("/profile/tokens")
    assert secret not in page.response.text and "backup" in page.text


def test_no_cookie_holds_it_and_no_cache_keeps_it(alice: Browser) -> None:
    page = create(alice)
    assert page.response.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in page.response.headers


def test_loading_the_answer_again_makes_no_second_one(alice: Browser) -> None:
    alice.visit("/profile/tokens")
    sent = {str(t["name"]): str(t["value"]) for t in alice.page.html.select("#token [type=hidden]")}
    sent |= {"name": "backup", "scope": "read", "days": "30"}
    first = alice.client.post("/profile/tokens", data=sent)
    again = alice._read(alice.client.post("/profile/tokens", data=sent))
    assert (first.status_code, again.status) == (200, 422)
    assert "shown again" in again.problems[0] and not SECRET.search(again.response.text)
    assert len(listed(alice.visit("/profile/tokens"))) == 1


def test_a_form_without_the_pages_id_works_once_more(alice: Browser) -> None:
    """A program that posts only what people type gets an id of its own each time."""
    for _ in range(2):
        page = alice.post("/profile/tokens", name="x", scope="read", days="7", id="no id")
        assert secret_on(page)


def test_the_list_says_scope_end_and_last_use(app: Flask, alice: Browser) -> None:
    secret = secret_on(create(alice, scope="write", days="never"))
    create(alice, "monitor")
    app.test_client().get("/me", headers={"Authorization": f"Bearer {secret}"})
    newest, oldest = listed(alice.visit("/profile/tokens"))
    assert re.match(r"monitor read · until \d.* · not used yet Revoke", newest)
    assert re.match(r"backup read and write · until you revoke it · last used on \d", oldest)


@pytest.mark.parametrize(("days", "lasts"), [("7", 7), ("30", 30), ("365", 365), ("never", None)])
def test_it_works_as_long_as_was_chosen(
    app: Flask, alice: Browser, days: str, lasts: int | None
) -> None:
    create(alice, days=days)
    with app.app_context():
        token = db.session.scalars(select(Token)).one()
        assert lasts == (
            token.expires_at and round((token.expires_at - token.created_at) / timedelta(days=1))
        )


def test_thirty_days_of_reading_are_chosen_already(alice: Browser) -> None:
    chosen = alice.visit("/profile/tokens").html.select("#token [checked]")
    assert [str(tag["value"]) for tag in chosen] == ["read", "30"]


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "x", "scope": "admin"}, "scope"),
        ({"name": "x", "days": "36500"}, "days"),
    ],
)
def test_a_wrong_answer_makes_none(alice: Browser, answers: dict[str, str], field: str) -> None:
    alice.visit("/profile/tokens")
    page = alice.submit("token", **answers)
    assert (page.status, set(page.errors)) == (422, {field})
    assert not listed(page)


def test_fifty_are_enough(app: Flask, alice: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MOST_TOKENS", 2)
    for name in "ab":
        create(alice, name)
    page = create(alice, "c")
    assert (page.status, page.problems) == (422, ["You have 2 tokens. Revoke one first."])


def test_a_revoked_one_is_worth_nothing_at_once(app: Flask, alice: Browser) -> None:
    carries = {"Authorization": f"Bearer {secret_on(create(alice))}"}
    assert app.test_client().get("/me", headers=carries).status_code == 200
    alice.visit("/profile/tokens")
    assert alice.submit("revoke-1").status == 303
    assert alice.follow().messages == ["“backup” has ended."] and not listed(alice.page)
    assert app.test_client().get("/me", headers=carries).status_code == 401


def test_revoking_twice_is_once(alice: Browser) -> None:
    create(alice)
    address = str(alice.visit("/profile/tokens").html.select_one("#revoke-1")["action"])
    for said in ("“backup” has ended.", "The token has ended."):
        assert alice.post(address).status == 303
        assert alice.visit("/profile/tokens").messages == [said]


def test_nobody_elses_can_be_revoked(app: Flask, alice: Browser, bob: Browser) -> None:
    carries = {"Authorization": f"Bearer {secret_on(create(alice))}"}
    address = str(alice.visit("/profile/tokens").html.select_one("#revoke-1")["action"])
    bob.post(address)
    assert not listed(bob.visit("/profile/tokens"))
    assert app.test_client().get("/me", headers=carries).status_code == 200


def test_nobody_elses_id_makes_a_second_one(alice: Browser, bob: Browser) -> None:
    token_id = str(uuid4())
    answers = {"name": "x", "scope": "read", "days": "7", "id": token_id}
    assert alice.post("/profile/tokens", **answers).status == 200
    assert bob.post("/profile/tokens", **answers).status == 422


def test_markup_in_a_name_is_text(alice: Browser) -> None:
    page = create(alice, "<img src=x>")
    assert "<img src=x>" in page.text and not page.html.select("main img")


def test_the_log_tells_of_both_and_holds_no_token(app: Flask, alice: Browser) -> None:
    secret = secret_on(create(alice))
    alice.visit("/profile/tokens")
    alice.submit("revoke-1")
    with app.app_context():
        entries = db.session.scalars(select(LogEntry).where(LogEntry.what.like("token.%"))).all()
        assert [entry.what for entry in entries] == ["token.create", "token.revoke"]
        assert entries[0].who == "alice" and entries[0].facts["scope"] == "read"
        assert not [entry for entry in entries if secret[3:] in str(entry.facts)]


def test_the_database_holds_only_its_hash(app: Flask, alice: Browser) -> None:
    secret = secret_on(create(alice))
    with app.app_context():
        token = db.session.scalars(select(Token)).one()
        assert secret not in str(vars(token)) and len(token.token_hash) == 64
