"""/bin - what was deleted, back or away for good."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from tests.browser import Browser


@pytest.fixture
def deleted(alice: Browser, keep: Callable[..., str]) -> str:
    """The id of a file in Alice's bin."""
    file_id = keep("alice", "old.txt", b"x" * 1000)
    alice.visit(f"/file/{file_id}/change/delete")
    alice.submit("delete")
    return file_id


def test_it_lists_what_was_deleted(alice: Browser, deleted: str) -> None:
    assert "old.txt" in alice.visit("/bin").text
    assert alice.visit("/path/").link("See the bin") == "/bin"


def test_undo_puts_it_back(alice: Browser, deleted: str) -> None:
    alice.visit("/bin")
    assert alice.submit("undo-1").location == "/path/old.txt"
    assert "The bin is empty." in alice.visit("/bin").text


def test_for_good_it_is_asked_first_and_gives_the_space_back(alice: Browser, deleted: str) -> None:
    assert "1.0 kB of" in alice.visit("/hello/").text
    alice.visit(alice.visit("/bin").link("Delete for good"))
    assert "old.txt" in alice.visit("/bin").text
    alice.visit(alice.page.link("Delete for good"))
    assert alice.submit("remove").location == "/bin"
    assert "“old.txt” is gone for good." in alice.follow().messages
    assert "0 bytes of" in alice.visit("/hello/").text


def test_a_post_keeps_its_copy(alice: Browser, bob: Browser) -> None:
    alice.visit("/post/new")
    alice.submit("post", to="bob", the_file=[(io.BytesIO(b"plan"), "plan.pdf")])
    alice.visit(alice.visit("/path/Sent/plan.pdf").link("Delete"))
    alice.submit("delete")
    alice.visit(alice.visit("/bin").link("Delete for good"))
    alice.submit("remove")
    address = bob.visit("/post/1").link("plan.pdf")
    assert bob.client.get(address, buffered=True).data == b"plan"


def test_only_what_is_in_the_bin_can_go(alice: Browser, keep: Callable[..., str]) -> None:
    file_id = keep("alice", "new.txt")
    assert alice.visit(f"/file/{file_id}/change/remove").status == 404


def test_to_others_it_is_not_there(bob: Browser, carol: Browser, deleted: str) -> None:
    assert "old.txt" not in bob.visit("/bin").text
    assert bob.visit(f"/file/{deleted}/change/remove").status == 404
    assert carol.visit("/bin").status == 401
