"""/s/UUID - links that open one file to whoever holds them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from tests.browser import Browser
from tests.files.previews import papers


@pytest.fixture
def create(alice: Browser, keep: Callable[..., str]) -> Callable[..., str]:
    """Make a link to a file of Alice's; gives its path."""

    def create(days: str = "7") -> str:
        keep("alice", "plan.pdf", b"the plan")
        alice.visit(alice.visit("/path/plan.pdf").link("Link"))
        assert alice.submit("link", days=days).status == 303
        copied = alice.follow().html.select_one("input[readonly]")
        assert copied
        return str(copied["value"]).removeprefix("http://localhost")

    return create


def test_whoever_holds_it_gets_the_file(create: Callable[..., str], carol: Browser) -> None:
    page = carol.visit(create())
    assert page.title == "plan.pdf"
    assert "alice shares this file with you." in page.text
    assert carol.client.get(page.link("Download"), buffered=True).data == b"the plan"


def test_it_ends_on_its_day(create: Callable[..., str], carol: Browser) -> None:
    address = create(days="1")
    with time_machine.travel(datetime.now(UTC) + timedelta(days=1, minutes=1)):
        assert carol.visit(address).status == 410
        assert carol.page.title == "This link has ended"
        assert carol.visit(f"{address}/plan.pdf").status == 410


def test_without_a_day_it_lasts(create: Callable[..., str], carol: Browser) -> None:
    address = create(days="")
    with time_machine.travel(datetime.now(UTC) + timedelta(days=4000)):
        assert carol.visit(address).status == 200


def test_its_owner_can_revoke_it(
    create: Callable[..., str], alice: Browser, carol: Browser
) -> None:
    address = create()
    alice.visit(alice.page.link("Revoke"))
    assert alice.submit("revoke").status == 303
    assert carol.visit(address).status == 410
    assert alice.follow().html.select_one("input[readonly]") is None


def test_it_ends_with_the_file(create: Callable[..., str], alice: Browser, carol: Browser) -> None:
    address = create()
    alice.visit(alice.visit("/path/plan.pdf").link("Delete"))
    alice.submit("delete")
    assert carol.visit(address).status == 410


@pytest.mark.parametrize("token", ["00000000-0000-4000-8000-000000000000", "abc", "1"])
def test_a_guessed_address_is_not_found(carol: Browser, token: str) -> None:
    assert carol.visit(f"/s/{token}").status == 404


def test_another_member_can_not_make_or_revoke_one(
    create: Callable[..., str], alice: Browser, bob: Browser
) -> None:
    create()
    revoke = alice.page.link("Revoke")
    assert bob.visit(revoke).status == 404
    assert bob.visit(revoke.rpartition("/")[0]).status == 404


def test_a_visitor_sees_what_it_is(
    alice: Browser, carol: Browser, keep: Callable[..., str]
) -> None:
    keep("alice", "plan.pdf", papers.paper(2))
    alice.visit(alice.visit("/path/plan.pdf").link("Link"))
    alice.submit("link", days="7")
    copied = alice.follow().html.select_one("input[readonly]")
    assert copied
    page = carol.visit(str(copied["value"]).removeprefix("http://localhost"))
    assert "Page 1 of 2" in page.text and page.link("Next page").endswith("?page=2#preview")
    image = page.html.select_one("#preview img")
    assert image and carol.client.get(image["src"], buffered=True).mimetype == "image/webp"
    assert carol.client.get(str(image["src"]).replace("/1", "/9")).status_code == 404
    alice.visit(alice.page.link("Revoke"))
    alice.submit("revoke")
    assert carol.client.get(image["src"]).status_code == 410
