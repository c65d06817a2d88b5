"""/post/… - parcels between members."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
from tests.browser import Browser, Page


def send(alice: Browser, **answers: object) -> Page:
    alice.visit("/post/new")
    return alice.submit("post", **answers)


def test_a_post_reaches_its_recipient_with_its_files(alice: Browser, bob: Browser) -> None:
    sent = send(alice, to="Bob", message="Two plans", the_file=[(io.BytesIO(b"plan"), "plan.pdf")])
    assert (sent.status, sent.location) == (303, "/post/1")
    assert "Post 1 from alice" in bob.visit("/hello/").text
    page = bob.visit("/post/1")
    assert "Two plans" in page.text
    assert bob.client.get(page.link("plan.pdf"), buffered=True).data == b"plan"


def test_the_sender_finds_a_copy_in_sent(alice: Browser) -> None:
    send(alice, to="bob", the_file=[(io.BytesIO(b"plan"), "plan.pdf")])
    assert alice.visit("/path/Sent/plan.pdf").status == 200


def test_the_recipient_keeps_what_the_sender_deletes(alice: Browser, bob: Browser) -> None:
    send(alice, to="bob", the_file=[(io.BytesIO(b"plan"), "plan.pdf")])
    alice.visit(alice.visit("/path/Sent/plan.pdf").link("Delete"))
    alice.submit("delete")
    address = bob.visit("/post/1").link("plan.pdf")
    assert bob.client.get(address, buffered=True).data == b"plan"


def test_done_takes_it_off_the_desk_and_back(alice: Browser, bob: Browser) -> None:
    send(alice, to="bob", message="Read this")
    bob.visit("/post/1")
    assert bob.submit("done").status == 303
    assert "Post 1" not in bob.visit("/hello/").text
    bob.visit("/post/1")
    bob.post("/post/1/done", undo="1")
    assert "Post 1" in bob.visit("/hello/").text


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"message": "Hello"}, {"to": "Enter the username of the person it is for"}),
        ({"to": " , "}, {"to": "Enter the username of the person it is for"}),
        (
            {"to": "bob, zed", "message": "Hello"},
            {"to": "Nobody here is called “zed”. Check the username."},
        ),
        ({"to": "bob"}, {"message": "Write a message, or select a file"}),
    ],
)
def test_it_says_what_is_missing(
    alice: Browser, answers: dict[str, str], error: dict[str, str]
) -> None:
    page = send(alice, **answers)
    assert page.status == 422
    assert page.errors == error


def test_others_do_not_see_it(alice: Browser, root: Browser) -> None:
    send(alice, to="bob", message="For Bob alone")
    assert root.visit("/post/1").status == 404
    assert root.post("/post/1/done").status == 404


@pytest.mark.parametrize("address", ["/post/99", "/post/abc", "/post/-1", "/post/1.5"])
def test_a_number_that_no_post_has_is_not_found(alice: Browser, address: str) -> None:
    assert alice.visit(address).status == 404


def test_a_stranger_is_asked_to_log_in(carol: Browser) -> None:
    assert [carol.visit(at).status for at in ("/post/", "/post/new", "/post/1")] == [401] * 3


def test_the_wrong_method_is_refused(alice: Browser) -> None:
    assert alice.post("/post/1").status == 405


def test_a_file_of_another_post_is_not_found(
    alice: Browser, bob: Browser, keep: Callable[..., str]
) -> None:
    send(alice, to="bob", the_file=[(io.BytesIO(b"plan"), "plan.pdf")])
    mine = keep("bob", "mine.txt")
    assert bob.visit(f"/post/1/{mine}/mine.txt").status == 404


def test_all_files_of_a_post_come_as_one_zip(alice: Browser, bob: Browser, root: Browser) -> None:
    sent = [(io.BytesIO(text), name) for text, name in ((b"one", "a.txt"), (b"two", "A.txt"))]
    send(alice, to="bob", the_file=sent)
    address = bob.visit("/post/1").link("Download all as a zip")
    answer = bob.client.get(address, buffered=True)
    assert 'filename="Post 1.zip"' in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.data)) as found:
        assert found.testzip() is None
        assert {found.read(name) for name in found.namelist()} == {b"one", b"two"}
    assert root.visit(address).status == 404


def test_one_file_needs_no_zip(alice: Browser, bob: Browser) -> None:
    send(alice, to="bob", the_file=(io.BytesIO(b"one"), "a.txt"))
    assert "zip" not in bob.visit("/post/1").html.get_text()
