"""/path/?after= - long folders come page by page, nothing lost and nothing twice."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from flask import Flask
from tests.browser import Browser, Page
from tests.files.conftest import names_on

from frontdesk.accounts import service as accounts
from frontdesk.db import db
from frontdesk.files import names
from frontdesk.files.models import File

Keep = Callable[..., str]
NAMES = sorted([f"File {n:03}.txt" for n in range(60)] + [f"file {n:03}.pdf" for n in range(60)],
               key=names.key)  # fmt: skip


@pytest.fixture(autouse=True)
def many(app: Flask, keep: Keep) -> None:
    """120 files of Alice's that share one blob, as an import would make them."""
    id = keep("alice", NAMES[0], b"x")
    with app.app_context():
        alice = accounts.find("alice")
        assert alice
        first = db.session.get_one(File, uuid.UUID(id))
        for name in NAMES[1:]:
            db.session.add(
                File(owner_id=alice.id, folder_id=first.folder_id, blob_id=first.blob_id,
                     name=name, name_key=names.key(name), size=1, media_type="text/plain")
            )  # fmt: skip
        alice.used = len(NAMES)
        db.session.commit()


def pages(browser: Browser, url: str, rel: str) -> list[Page]:
    """That page, and those that its links lead to one after the other."""
    found = [browser.visit(url)]
    while link := found[-1].html.select_one(f"a[rel={rel}]"):
        found.append(browser.visit(str(link["href"])))
    return found


@pytest.mark.parametrize("url", ["/path/", "/path/?key=file"])
def test_forwards_nothing_is_lost_or_repeated(alice: Browser, url: str) -> None:
    found = pages(alice, url, "next")
    assert [len(names_on(page)) for page in found] == [50, 50, 20]
    assert [name for page in found for name in names_on(page)] == NAMES


@pytest.mark.parametrize("url", ["/path/", "/path/?key=file"])
def test_backwards_it_is_the_same(alice: Browser, url: str) -> None:
    last = pages(alice, url, "next")[-1]
    found = [last, *pages(alice, str(last.html.select_one("a[rel=prev]")["href"]), "prev")]
    assert [name for page in reversed(found) for name in names_on(page)] == NAMES


def test_the_first_page_leads_only_forwards(alice: Browser) -> None:
    first = alice.visit("/path/")
    assert "Next 50" in first.text and "Previous 50" not in first.text
    last = pages(alice, "/path/", "next")[-1]
    assert "Next 50" not in last.text and "Previous 50" in last.text


def test_a_page_goes_on_where_a_file_went(alice: Browser, keep: Keep) -> None:
    second = str(alice.visit("/path/").html.select_one("a[rel=next]")["href"])
    border = alice.visit(alice.page.links[NAMES[49]]).link("Delete")
    alice.visit(border)
    alice.submit("delete")
    assert names_on(alice.visit(second))[0] == NAMES[50]


def test_a_new_file_repeats_none(alice: Browser, keep: Keep) -> None:
    first = alice.visit("/path/")
    keep("alice", "a new one.txt")
    second = alice.visit(str(first.html.select_one("a[rel=next]")["href"]))
    assert names_on(first) + names_on(second) == NAMES[:100]


@pytest.mark.parametrize("cursor", ["after", "before"])
def test_anothers_file_says_nothing_about_its_name(bob: Browser, keep: Keep, cursor: str) -> None:
    """Else Bob could upload names, page after Alice's file, and find its name by halves."""
    keep("bob", "aaa.txt")
    keep("bob", "zzz.txt")
    secret = keep("alice", "mmm.txt")
    for place in (secret, f"f.{uuid.UUID(secret).hex}", f"f.{uuid.UUID(secret).hex}."):
        shown = {
            tuple(names_on(bob.visit(f"/path/?{cursor}={text}")))
            for text in (place, place.replace(secret[0], "0" if secret[0] != "0" else "1"))
        }
        assert len(shown) == 1, "it makes no difference whether there is a file of that id"


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        "1",
        "%00",
        "",
        "' OR 1=1",
        "f.1.a",
        "x.y.z",
        f"x.{uuid.UUID(int=7).hex}.a",
        "f..",
        "..",
        "f",
        f"{uuid.UUID(int=7)}",
    ],
)
def test_a_cursor_that_is_none_is_the_first_page(alice: Browser, cursor: str) -> None:
    assert names_on(alice.visit(f"/path/?after={cursor}")) == NAMES[:50]


def test_folders_stand_on_the_first_page_only(alice: Browser, keep: Keep) -> None:
    keep("alice", "in.txt", folder="folder")
    found = pages(alice, "/path/", "next")
    assert ["folder" in page.links for page in found] == [True, False, False]
