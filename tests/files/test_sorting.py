"""/path/?sort= - by name, size and date, both ways, page by page; and how much lies there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from tests.browser import Browser, Page
from tests.files.conftest import Books, names_on

from frontdesk.db import db
from frontdesk.files import names, paging
from frontdesk.files.models import File, Folder

Keep = Callable[..., str]
DAY = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def many(app: Flask, keep: Keep, books: Books, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Seven folders and thirteen files of Alice's; of each size and day there are several."""
    books.closed = "sizes are made up here"
    monkeypatch.setattr(paging, "A_PAGE", 4)
    keep("alice", "file 00.txt")
    with app.app_context():
        first = db.session.scalars(select(File)).one()
        top = db.session.scalars(select(Folder)).one()
        for n in range(7):
            db.session.add(
                Folder(owner_id=first.owner_id, parent_id=top.id, name=f"Folder {n}",
                       name_key=f"folder {n}", path=f"Folder {n}", path_key=f"folder {n}",
                       created_at=DAY + timedelta(days=n // 2))
            )  # fmt: skip
        first.created_at, first.size = DAY, 0
        for n in range(1, 13):
            db.session.add(
                File(owner_id=first.owner_id, folder_id=first.folder_id, blob_id=first.blob_id,
                     name=f"File {n:02}.txt", name_key=names.key(f"File {n:02}.txt"),
                     size=n % 3, media_type="text/plain", created_at=DAY + timedelta(days=n % 4))
            )  # fmt: skip
        db.session.commit()
        return sorted(db.session.scalars(select(File.name)), key=names.key)


def lines(page: Page) -> list[str]:
    return [" ".join(row.bdi.get_text().split()) for row in page.html.select("tbody tr")]


def pages(browser: Browser, url: str, rel: str) -> list[list[str]]:
    """The lines of that page, and of those that its links lead to; the browser is at the last."""
    found = [lines(browser.visit(url))]
    while link := browser.page.html.select_one(f"a[rel={rel}]"):
        found.append(lines(browser.visit(str(link["href"]))))
    return found


@pytest.mark.parametrize("key", ["", "fi tx", "f"])
@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort", ["name", "size", "date"])
def test_forth_and_back_it_is_the_same_whole(
    alice: Browser, many: list[str], sort: str, order: str, key: str
) -> None:
    forth = pages(alice, f"/path/?sort={sort}&order={order}&key={key}", "next")
    whole = [name for page in forth for name in page]
    assert all(len(page) == 4 for page in forth[:-1])
    files = [name for name in whole if name.lower().startswith("file")]
    assert len(whole) == len(set(whole)) == 13 + (0 if key == "fi tx" else 7)
    assert whole[-13:] == files and set(files) == set(many), "folders stand first"
    back = pages(alice, str(alice.page.html.select_one("a[rel=prev]")["href"]), "prev")
    assert [name for page in reversed(back) for name in page] == whole[: -len(forth[-1])]


def said(name: str, sort: str) -> object:
    """What a file of ``many`` is sorted by."""
    number = int(name[5:7])
    return {"name": number, "size": number % 3, "date": number % 4}[sort]


@pytest.mark.parametrize("sort", ["name", "size", "date"])
def test_it_is_sorted_by_that(alice: Browser, many: list[str], sort: str) -> None:
    for order in ("asc", "desc"):
        found = pages(alice, f"/path/?key=txt&sort={sort}&order={order}", "next")
        keys = [said(name, sort) for page in found for name in page]
        assert keys == sorted(keys, reverse=order == "desc")  # type: ignore[type-var]


def test_headings_say_how_it_is_sorted_and_turn_it(alice: Browser, keep: Keep) -> None:
    keep("alice", "a.txt")
    page = alice.visit("/path/")
    assert sorting(page) == {"Name": "ascending"}
    assert page.link("Name") == "/path/?sort=name&order=desc"
    assert page.link("Size") == "/path/?sort=size&order=desc", "the largest first"
    page = alice.visit(page.link("Date"))
    assert sorting(page) == {"Date": "descending"}
    assert sorting(alice.visit(page.link("Date"))) == {"Date": "ascending"}
    assert alice.visit(page.link("Name")).response.request.path == "/path/"


def sorting(page: Page) -> dict[str, str]:
    return {th.get_text(): str(th["aria-sort"]) for th in page.html.select("th[aria-sort]")}


@pytest.mark.parametrize(
    "query", ["sort=shoe", "order=up", "sort=&order=", "sort=%00", "order=asc"]
)
def test_an_order_that_is_none_is_the_usual_one(alice: Browser, keep: Keep, query: str) -> None:
    keep("alice", "b.txt")
    keep("alice", "a.txt")
    page = alice.visit(f"/path/?{query}")
    assert names_on(page) == ["a.txt", "b.txt"] and sorting(page) == {"Name": "ascending"}


@pytest.mark.parametrize("sort", ["name", "size", "date"])
def test_a_place_outlasts_its_file(alice: Browser, many: list[str], app: Flask, sort: str) -> None:
    alice.visit(f"/path/?key=txt&sort={sort}&order=desc")
    here, following = lines(alice.page), str(alice.page.html.select_one("a[rel=next]")["href"])
    expected = lines(alice.visit(following))
    with app.app_context():
        db.session.delete(db.session.scalars(select(File).where(File.name == here[-1])).one())
        db.session.commit()
    assert lines(alice.visit(following)) == expected


def test_behind_the_end_is_the_beginning(alice: Browser, many: list[str]) -> None:
    """The files of the last page may have gone: that is no dead end."""
    first = lines(alice.visit("/path/"))
    assert lines(alice.visit(f"/path/?after=f.{'f' * 32}.zzz")) == first
    assert lines(alice.visit(f"/path/?before=d.{'0' * 32}.")) == first


@pytest.mark.parametrize("value", ["", "x", "1e9", "-1", str(2**63), "9" * 5_000, "0001-01-01",
                                   "0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00",
                                   "%00", "%FF", "2026-03-01"])  # fmt: skip
@pytest.mark.parametrize("sort", ["name", "size", "date"])
def test_any_place_can_be_asked_for(alice: Browser, keep: Keep, sort: str, value: str) -> None:
    keep("alice", "a.txt")
    for name in ("after=f", "before=f", "after=d", "before=d"):
        assert alice.visit(f"/path/?sort={sort}&{name}.{'0' * 32}.{value}").status == 200


def test_a_folder_says_how_much_lies_in_it(
    alice: Browser, keep: Keep, app: Flask, books: Books
) -> None:
    books.closed = "a counter is made up here"
    for folder in ("in", "in/1", "in/2"):
        keep("alice", "a.txt", folder=folder)
    with app.app_context():
        db.session.execute(update(Folder).where(Folder.path == "in/1").values(files_in=1_204))
        db.session.commit()
    page = alice.visit("/path/in")
    assert page.html.select_one("p.meta").get_text() == "2 folders, 1 file"
    assert "1,204 files" in page.text
