"""/upload - files go into a folder, all of them, under names of their own."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from random import Random

import pytest
from tests.browser import Browser
from tests.files.conftest import a_file, send, token


def test_the_page_says_what_may_be_sent(alice: Browser) -> None:
    page = alice.visit("/upload")
    assert (page.status, page.title) == (200, "Upload files")
    assert "Up to 10 GB each. You have 50 GB left." in page.text


def test_many_files_go_into_a_folder_at_once(alice: Browser) -> None:
    page = send(alice, a_file("a.pdf", b"one"), a_file("b.pdf", b"two"), folder="reports/2026")
    assert (page.status, page.location) == (303, "/path/reports/2026")
    page = alice.follow()
    assert page.messages == ["2 files were saved: “a.pdf”, “b.pdf”"]
    assert {"a.pdf", "b.pdf"} <= page.links.keys()


def test_one_file_is_named(alice: Browser) -> None:
    assert send(alice, a_file("a.pdf")).location == "/path/"
    page = alice.follow()
    assert page.messages == ["“a.pdf” was saved."]
    assert page.link("a.pdf") == "/path/a.pdf"


def test_the_message_is_said_once(alice: Browser) -> None:
    send(alice, a_file("a.pdf"))
    assert alice.follow().messages
    assert not alice.visit("/path/").messages


@pytest.mark.parametrize("name", ["a.pdf", "A.PDF", "a.pDf"])
def test_a_second_file_of_the_name_gets_a_number(alice: Browser, name: str) -> None:
    send(alice, a_file("a.pdf", b"first"))
    send(alice, a_file(name, b"second"))
    stem, dot, extension = name.partition(".")
    numbered = f"{stem} (2){dot}{extension}"
    page = alice.follow()
    assert page.messages[1] == f"“{name}” is now called “{numbered}”."
    assert {"a.pdf", numbered} <= page.links.keys()
    assert alice.visit("/path/a.pdf?download=1").response.data == b"first"
    assert alice.visit(f"/path/{numbered}?download=1").response.data == b"second"


def test_names_that_look_alike_are_the_same(alice: Browser) -> None:
    composed = unicodedata.normalize("NFC", "Übung.pdf")
    send(alice, a_file(composed))
    send(alice, a_file(unicodedata.normalize("NFD", composed).upper()))
    assert "ÜBUNG (2).PDF" in alice.follow().links


def test_the_same_name_twice_in_one_form_is_two_files(alice: Browser) -> None:
    send(alice, a_file("a.pdf", b"one"), a_file("a.pdf", b"two"))
    assert {"a.pdf", "a (2).pdf"} <= alice.follow().links.keys()


def test_the_same_form_sent_twice_is_two_files(alice: Browser) -> None:
    alice.visit("/upload")
    token = str(alice.page.html.select_one("#upload [name=csrf_token]")["value"])
    for _ in range(2):
        answer = {"csrf_token": token, "the_file": a_file("a.pdf")}
        assert alice.client.post("/upload", data=answer).status_code == 303
    assert {"a.pdf", "a (2).pdf"} <= alice.visit("/path/").links.keys()


def test_a_name_that_a_folder_has_gets_a_number(alice: Browser) -> None:
    send(alice, a_file("in.txt"), folder="Reports")
    send(alice, a_file("reports"))
    assert {"Reports", "reports (2)"} <= alice.follow().links.keys()


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("reports/2026", "/path/reports/2026"),
        ("/reports//2026/", "/path/reports/2026"),
        ("../../etc", "/path/etc"),
        ("a/../b", "/path/a/b"),
        (r"a\b", "/path/a/b"),
        (" reports ", "/path/reports"),
        (".git", "/path/git"),
        ("报告/ü & ?#%", "/path/%E6%8A%A5%E5%91%8A/%C3%BC%20%26%20%3F%23%25"),
        ("\u202etxt", "/path/txt"),
        ("...", "/path/"),
    ],
)
def test_a_folder_is_made_under_a_safe_name(alice: Browser, typed: str, address: str) -> None:
    page = send(alice, a_file("a.pdf"), folder=typed)
    assert (page.status, page.location) == (303, address)
    assert "a.pdf" in alice.follow().links


def test_a_folder_is_found_regardless_of_case(alice: Browser) -> None:
    send(alice, a_file("a.pdf"), folder="Reports")
    send(alice, a_file("b.pdf"), folder="REPORTS")
    assert {"a.pdf", "b.pdf"} <= alice.visit("/path/reports").links.keys()


def test_a_chosen_folder_comes_with_its_folders(alice: Browser) -> None:
    page = send(alice, a_file("trip/day 1/a.jpg"), a_file("trip/b.jpg"), folder="photos")
    assert page.location == "/path/photos"
    assert "trip" in alice.follow().links
    assert alice.visit("/path/photos/trip/day 1/a.jpg").status == 200
    assert alice.visit("/path/photos/trip/b.jpg").status == 200


def test_the_page_of_a_folder_uploads_into_it(alice: Browser) -> None:
    send(alice, a_file("a.pdf"), folder="reports/2026")
    alice.visit(alice.visit("/path/reports/2026").links["Upload"])
    field = alice.page.html.select_one("#upload [name=folder]")
    assert field["value"] == "reports/2026"


def test_a_member_does_not_see_what_another_uploads(alice: Browser, bob: Browser) -> None:
    send(alice, a_file("a.pdf"))
    assert "a.pdf" not in bob.visit("/path/").text
    send(bob, a_file("a.pdf", b"Bob's"))
    assert bob.follow().messages == ["“a.pdf” was saved."]


def test_many_long_names_are_said_in_short(alice: Browser) -> None:
    letters = [chr(code) for code in range(0x1F300, 0x1F5FF)]
    chance = Random(1)
    hard = ["".join(chance.choices(letters, k=60)) for _ in range(8)]
    send(alice, *[a_file(f"{name}.") for name in hard])
    page = alice.follow()
    assert "8 files were saved" in page.messages[0]
    assert alice.visit("/hello/").status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(alice: Browser, method: str) -> None:
    answer = alice.client.open("/upload", method=method, headers={"X-CSRFToken": token(alice)})
    assert answer.status_code == 405
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


def test_used_counts_each_byte(alice: Browser, used: Callable[[str], int]) -> None:
    send(alice, a_file("a", b"12345"), a_file("b", b"123"))
    assert used("alice") == 8
