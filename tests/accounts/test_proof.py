"""/proof - who is logged in shows once more who they are, before what touches the account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask import Flask
from tests.browser import Browser
from tests.conftest import PASSWORD

from frontdesk.access import by_token, fresh

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOKENS = "/profile/tokens"  # a page that asks for it


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def late(clock: Any, open_browser: Callable[[], Browser]) -> Browser:
    """Alice, who logged in ten minutes ago."""
    browser = open_browser()
    browser.log_in("alice", PASSWORD)
    clock.shift(600)
    return browser


def confirm(browser: Browser, password: str = PASSWORD) -> Any:
    browser.follow()
    return browser.submit("proof", password=password)


def test_a_log_in_counts_for_ten_minutes(clock: Any, open_browser: Callable[[], Browser]) -> None:
    browser = open_browser()
    browser.log_in("alice", PASSWORD)
    clock.shift(599)
    assert browser.visit(TOKENS).status == 200
    clock.shift(1)
    page = browser.visit(TOKENS)
    assert (page.status, page.location) == (303, "/proof?next=/profile/tokens")


def test_the_password_leads_on_and_counts_for_ten_minutes_more(late: Browser, clock: Any) -> None:
    late.visit(f"{TOKENS}?a=b%26c")
    assert late.follow().title == "Confirm that it is you"
    page = late.submit("proof", password=PASSWORD)
    assert (page.status, page.location) == (303, f"{TOKENS}?a=b%26c")
    clock.shift(599)
    assert late.follow().status == 200
    clock.shift(1)
    assert late.visit(TOKENS).status == 303


def test_a_proof_of_a_clock_that_was_ahead_is_none_when_it_comes_back(
    clock: Any, open_browser: Callable[[], Browser]
) -> None:
    clock.shift(7_200)
    alice = open_browser()
    alice.log_in("alice", PASSWORD)
    clock.shift(-7_200)
    assert alice.visit("/profile").status == 200
    assert alice.visit(TOKENS).status == 303


def test_other_pages_never_ask(late: Browser) -> None:
    assert late.visit("/profile").status == late.visit("/profile/sessions").status == 200


def test_a_form_sent_too_late_changes_nothing_says_so_and_leads_back(
    clock: Any, open_browser: Callable[[], Browser]
) -> None:
    browser = open_browser()
    browser.log_in("alice", PASSWORD)
    browser.visit(TOKENS)
    clock.shift(600)
    assert browser.submit("token", name="backup").location == "/proof?next=/profile/tokens"
    assert browser.follow().messages == [
        "Nothing is changed yet. Confirm that it is you, then send it again."
    ]
    assert browser.submit("proof", password=PASSWORD).location == TOKENS
    assert not browser.follow().html.select("#tokens")


def test_a_form_without_a_page_of_its_own_leads_back_to_where_it_was(
    app: Flask, clock: Any, open_browser: Callable[[], Browser]
) -> None:
    app.add_url_rule("/end", "end", fresh(lambda: "done"), methods=["POST"])
    late = open_browser()
    late.log_in("alice", PASSWORD)
    clock.shift(600)
    meta = late.visit("/profile").html.select_one("meta[name=csrf-token]")
    assert meta
    data = {"csrf_token": str(meta["content"])}
    for whence, onward in {
        "http://localhost/profile": "/profile",
        "http://b.example/x": "/end",
    }.items():
        answer = late.client.post("/end", data=data, headers={"Referer": whence})
        assert answer.location == f"/proof?next={onward}"


def test_a_wrong_password_proves_nothing(late: Browser) -> None:
    late.visit(TOKENS)
    page = confirm(late, "wrong")
    assert (page.status, page.errors) == (422, {"password": "The password is not right"})
    assert late.visit(TOKENS).status == 303


def test_nothing_typed_is_said(late: Browser) -> None:
    late.visit(TOKENS)
    assert confirm(late, "").errors == {"password": "Enter your password"}


class TestTries:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"LOGIN_TRIES": 2}

    def test_wrong_passwords_are_counted(self, late: Browser) -> None:
        late.visit(TOKENS)
        late.follow()
        statuses = [late.submit("proof", password="wrong").status for _ in range(2)]
        page = late.submit("proof", password=PASSWORD)
        assert [*statuses, page.status] == [422, 422, 429]
        assert int(page.response.headers["Retry-After"]) > 0
        assert late.visit(TOKENS).status == 303

    def test_right_ones_are_not(self, late: Browser) -> None:
        for _ in range(4):
            late.visit("/proof")
            assert late.submit("proof", password=PASSWORD).status == 303


def test_one_device_does_not_prove_another(
    late: Browser, open_browser: Callable[[], Browser]
) -> None:
    phone = open_browser()
    phone.log_in("alice", PASSWORD)
    assert phone.visit(TOKENS).status == 200
    assert late.visit(TOKENS).status == 303


def test_another_members_password_is_wrong(app: Flask, late: Browser) -> None:
    late.visit(TOKENS)
    assert confirm(late, "another long password").status == 422


def test_a_program_is_told(late: Browser) -> None:
    page = late.visit(TOKENS, Accept="application/json")
    assert (page.status, page.response.mimetype) == (403, "application/problem+json")
    assert "password" in page.response.json["detail"]


def test_no_token_has_proof(app: Flask, token: Callable[..., str]) -> None:
    app.add_url_rule("/secret", "secret", by_token(fresh(lambda: "a secret")))
    carries = {"Authorization": f"Bearer {token(scope='write')}"}
    for address in ("/secret", TOKENS, "/proof"):
        assert app.test_client().get(address, headers=carries).status_code == 403


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "/\\evil.example"])
def test_it_leads_to_no_other_site(late: Browser, target: str) -> None:
    late.client.get("/proof", query_string={"next": target})
    late.visit("/proof")
    assert late.submit("proof", password=PASSWORD, next=target).location == "/profile"


def test_strangers_are_asked_to_log_in(carol: Browser) -> None:
    assert carol.visit("/proof").status == carol.visit(TOKENS).status == 401
