"""/upload - what can't be kept is named with its reason, and the rest stays."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update
from tests.browser import Browser, Page
from tests.files.conftest import JSON, Books, a_file, send, token
from tests.files.wire import BOUNDARY, CONTENT_TYPE, multipart

from frontdesk.accounts.models import Member
from frontdesk.db import db

Used = Callable[[str], int]


@pytest.fixture
def settings() -> dict[str, Any]:
    """Two million bytes are to these tests what 2 GB are to a site."""
    return {"MAX_FILE_SIZE": 2_000_000, "QUOTA": 5_000_000}


def raw(browser: Browser, body: bytes, **environ: Any) -> Page:
    """Post ``body`` as it is, with the browser's own token in a header."""
    headers = {"X-CSRFToken": token(browser)}
    sent = {"input_stream": BytesIO(body), "content_type": CONTENT_TYPE, "headers": headers}
    return Page(browser.client.post("/upload", **sent | environ))


def test_no_file_is_asked_for(alice: Browser) -> None:
    page = send(alice)
    assert page.status == 422
    assert page.errors == {"the_file": "Select a file"}
    assert page.problems == ["Select a file"]


def test_the_folder_is_not_asked_for_twice(alice: Browser) -> None:
    page = send(alice, folder="reports")
    assert page.html.select_one("#upload [name=folder]")["value"] == "reports"


def test_an_empty_file_is_refused(alice: Browser) -> None:
    page = send(alice, a_file("a.txt", b""))
    assert page.status == 422
    assert page.errors == {"the_file": "“a.txt” is empty"}
    assert alice.visit("/path/").text.count("a.txt") == 0


def test_a_file_over_the_limit_is_refused_by_name(alice: Browser, used: Used) -> None:
    page = send(alice, a_file("film.mkv", bytes(3_000_000)))
    assert page.status == 413
    assert page.errors == {"the_file": "“film.mkv” must be smaller than 2.0 MB"}
    assert used("alice") == 0


def test_a_file_at_the_limit_is_taken(alice: Browser, used: Used) -> None:
    assert send(alice, a_file("film.mkv", bytes(2_000_000))).status == 303
    assert used("alice") == 2_000_000


def test_the_good_ones_stay_and_the_others_are_named(alice: Browser) -> None:
    files = [a_file("film.mkv", bytes(2_000_001)), a_file("empty", b""), a_file("good.pdf")]
    page = send(alice, *files, folder="in")
    assert page.status in {413, 422}
    assert page.problems == ["“film.mkv” must be smaller than 2.0 MB", "“empty” is empty"]
    assert "These files were saved" in page.text
    assert alice.visit(page.link("good.pdf")).title == "good.pdf"


def test_what_stays_is_linked_where_it_is(alice: Browser) -> None:
    page = send(alice, a_file("trip/day 1/a.jpg"), a_file("trip/empty.jpg", b""), folder="photos")
    assert page.problems == ["“empty.jpg” is empty"]
    assert page.link("a.jpg") == "/path/photos/trip/day%201/a.jpg"


def test_a_program_learns_what_stays_and_what_does_not(alice: Browser) -> None:
    files = [a_file("film.mkv", bytes(2_000_001)), a_file("good.pdf")]
    answer = send(alice, *files, **JSON).response
    assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")
    assert answer.json["detail"] == "“film.mkv” must be smaller than 2.0 MB"
    assert answer.json["refused"] == ["“film.mkv” must be smaller than 2.0 MB"]
    assert [saved["name"] for saved in answer.json["saved"]] == ["good.pdf"]


def test_a_program_without_a_file_gets_the_sentence(alice: Browser) -> None:
    answer = send(alice, **JSON).response
    assert (answer.status_code, answer.json["detail"]) == (422, "Select a file")


def test_the_quota_holds_within_one_form(alice: Browser, used: Used) -> None:
    page = send(alice, *[a_file(f"{n}.bin", bytes(1_900_000)) for n in range(3)])
    said = "No space is left for “2.bin”. Empty your bin or ask the admin."
    assert (page.status, page.problems) == (413, [said])
    assert used("alice") == 3_800_000


def test_a_smaller_file_still_fits_after_one_that_did_not(alice: Browser, used: Used) -> None:
    sizes = [1_900_000, 1_900_000, 1_900_000, 1_000_000]
    page = send(alice, *[a_file(f"{n}.bin", bytes(size)) for n, size in enumerate(sizes)])
    assert len(page.problems) == 1
    assert used("alice") == 4_800_000


def test_a_member_without_space_is_told_so_before(alice: Browser) -> None:
    sizes = [2_000_000, 2_000_000, 1_000_000]
    send(alice, *[a_file(f"{n}.bin", bytes(size)) for n, size in enumerate(sizes)])
    page = alice.visit("/upload")
    assert "Your space is full. Delete files for good in the bin, or ask" in page.text
    page = alice.post("/upload", the_file=a_file("a.txt"))
    assert page.status == 413


def test_a_quota_of_a_members_own_counts(app: Flask, alice: Browser, used: Used) -> None:
    with app.app_context():
        db.session.execute(update(Member).where(Member.username == "alice").values(quota=5))
        db.session.commit()
    assert send(alice, a_file("a.txt", b"123456")).status == 413
    assert send(alice, a_file("a.txt", b"12345")).status == 303
    assert used("alice") == 5


@pytest.mark.parametrize("blank", [b"\r\n\r\n", b"\r\n\r\n\r\n"])
def test_a_field_left_empty_takes_no_file_along(alice: Browser, blank: bytes) -> None:
    """RFC 2046 lets a part without content share its blank line with the boundary."""
    empty = multipart({"folder": ""}, []).split(b"\r\n\r\n")[0] + blank
    page = raw(alice, empty + multipart({}, [("a.txt", b"content")]))
    assert page.status == 303
    assert "a.txt" in alice.visit("/path/").links


def test_a_long_boundary_is_understood(alice: Browser) -> None:
    body = multipart({}, [("a.txt", b"content")]).replace(BOUNDARY.encode(), b"b" * 71)
    assert raw(alice, body, content_type=CONTENT_TYPE.replace(BOUNDARY, "b" * 71)).status == 303


def test_a_body_longer_than_it_says_ends_where_it_said(alice: Browser) -> None:
    body = multipart({}, [("a.txt", b"content"), ("b.txt", b"content")])
    shorter = {"CONTENT_LENGTH": str(body.index(b"b.txt"))}
    page = raw(alice, body, environ_overrides=shorter)
    assert page.status == 400
    assert "a.txt" in alice.visit("/path/").links
    assert "b.txt" not in alice.page.links


def test_a_body_shorter_than_it_says_was_cut_off(alice: Browser) -> None:
    body = multipart({}, [("a.txt", b"content"), ("b.txt", bytes(100_000))])
    page = raw(alice, body[:-5_000], environ_overrides={"CONTENT_LENGTH": str(len(body))})
    assert page.status == 400
    said = "The connection broke off. Choose the files that are missing once more."
    assert page.problems == [said]
    assert alice.visit(page.link("a.txt")).status == 200


def test_a_body_of_unknown_length_is_held_to_the_limit(alice: Browser, used: Used) -> None:
    body = multipart({}, [("big", bytes(3_000_000)), ("a.txt", b"content")])
    page = raw(alice, body, environ_overrides={"wsgi.input_terminated": True})
    assert page.status == 413
    assert used("alice") == 7


def test_a_folder_with_the_name_of_a_file_is_refused(alice: Browser) -> None:
    send(alice, a_file("a.pdf"))
    page = send(alice, a_file("b.pdf"), a_file("c.pdf"), folder="A.PDF/new")
    assert page.status == 422
    assert page.errors == {"folder": "“A.PDF” is a file. Choose another folder."}
    assert page.html.select_one("#upload [name=folder]")["value"] == "A.PDF/new"


def test_a_form_without_our_token_keeps_nothing(alice: Browser) -> None:
    page = alice.post("/upload", token=False, the_file=a_file("a.txt"))
    assert page.status == 400
    assert "a.txt" not in alice.visit("/path/").text


def test_a_form_with_anothers_token_keeps_nothing(alice: Browser, bob: Browser) -> None:
    answer = {"csrf_token": token(bob), "the_file": a_file("a.txt")}
    assert alice.client.post("/upload", data=answer).status_code == 400
    assert "a.txt" not in alice.visit("/path/").text


def test_a_form_of_another_site_keeps_nothing(alice: Browser) -> None:
    page = send(alice, a_file("a.txt"), **{"Sec-Fetch-Site": "cross-site"})
    assert page.status == 400
    page = send(alice, a_file("a.txt"), Origin="https://evil.example")
    assert page.status == 400
    assert "a.txt" not in alice.visit("/path/").text


def test_a_program_without_our_token_gets_a_problem(alice: Browser) -> None:
    answer = alice.client.post("/upload", data={"the_file": a_file("a.txt")}, headers=JSON)
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")


def test_a_stranger_leaves_nothing(carol: Browser, books: Books) -> None:
    body = multipart({}, [("a.bin", bytes(1_000_000))])
    page = Page(carol.client.post("/upload", data=body, content_type=CONTENT_TYPE))
    assert (page.status, page.title) == (401, "Log in to continue")
    assert not books.on_disk()


def test_a_strangers_program_gets_a_problem(carol: Browser) -> None:
    answer = carol.client.post("/upload", data={"the_file": a_file("a.txt")}, headers=JSON)
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=x", b"no form at all"),
        ("multipart/form-data; boundary=" + "x" * 300, b""),
        ("text/plain", b"content"),
        ("application/x-www-form-urlencoded", b"the_file=a.txt"),
    ],
)
def test_what_is_no_form_with_files_is_refused(
    alice: Browser, content_type: str, body: bytes
) -> None:
    headers = {"X-CSRFToken": token(alice)}
    answer = alice.client.post("/upload", data=body, content_type=content_type, headers=headers)
    assert answer.status_code in {400, 422}
    assert Page(answer).title


def test_a_thousand_files_are_too_many_for_one_form(alice: Browser) -> None:
    page = raw(alice, multipart({}, [(f"{n}.txt", b"x") for n in range(1_001)]))
    assert page.status == 413
