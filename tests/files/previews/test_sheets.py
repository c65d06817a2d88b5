"""Pictures and PDFs: drawn outside the web process, remembered, and failures too."""

from __future__ import annotations

import resource
import shutil
import time
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from tests.browser import Browser, Page
from tests.files import images
from tests.files.previews import papers
from tests.files.previews.conftest import Show, preview, said

from frontdesk import sandbox
from frontdesk.db import now
from frontdesk.files.previews import sheets
from frontdesk.jobs import run


def shown(browser: Browser, page: Page):
    """The picture on a page, as the browser gets it."""
    image = preview(page).select_one("img")
    answer = browser.client.get(image["src"], buffered=True)
    assert (answer.status_code, answer.mimetype) == (200, "image/webp")
    found = images.opened(answer.data)
    assert found.size == (int(image["width"]), int(image["height"])), "its place is kept"
    return found


def test_a_picture_is_shown_as_large_as_fits(show: Show, alice: Browser) -> None:
    page = show("a.png", images.drawn(size=(2600, 1300)))
    assert shown(alice, page).size == (1280, 640)
    assert preview(page).select_one("img")["alt"] == "The picture “a.png”"
    assert "2600 × 1300 pixels" in page.text


def test_a_small_picture_stays_small(show: Show, alice: Browser) -> None:
    assert shown(alice, show("a.png", images.drawn(size=(30, 20)))).size == (30, 20)


@pytest.mark.parametrize("size", [(1999, 777), (3, 4000), (4000, 1), (1281, 1280)])
def test_odd_sizes(show: Show, alice: Browser, size: tuple[int, int]) -> None:
    image = preview(show("a.png", images.drawn(size=size))).select_one("img")
    found = images.opened(alice.client.get(image["src"], buffered=True).data)
    assert abs(found.width - int(image["width"])) <= 1
    assert abs(found.height - int(image["height"])) <= 1


def test_the_picture_is_not_the_file(show: Show, alice: Browser) -> None:
    image = preview(show("a.jpg", images.photo())).select_one("img")
    data = alice.client.get(image["src"], buffered=True).data
    assert images.CAMERA not in data and not images.opened(data).getexif()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.png", images.bomb(), "This picture is too large to be shown here. Download it."),
        ("a.png", images.drawn()[:500], "This picture can’t be shown here. Download it."),
        ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(99), "This picture can’t be shown here."),
        ("a.pdf", b"%PDF-1.7\nnothing", "This PDF can’t be shown here. Download it."),
        ("a.pdf", b"%PDF-1.7\n" + b"1 0 obj<<" * 9_000, "This PDF can’t be shown here."),
        ("a.pdf", papers.paper()[:150], "This PDF can’t be shown here. Download it."),
        ("a.pdf", papers.paper(pages=0), "This PDF can’t be shown here. Download it."),
        ("a.pdf", papers.encrypted(), "This PDF is locked with a password."),
        ("a.pdf", b"%PDF-1.7\n" + b"[" * 300_000, "This PDF can’t be shown here."),
    ],
)
def test_what_cannot_be_shown_is_said(show: Show, name: str, content: bytes, sentence: str) -> None:
    page = show(name, content)
    assert sentence in said(page) and not preview(page).select("img")
    assert page.link("Download")


def test_a_failure_is_remembered(show: Show, alice: Browser, instance: Path) -> None:
    show("a.pdf", b"%PDF-1.7\nnothing")
    (remembered,) = (instance / "previews").rglob("*.json")
    before = remembered.stat().st_mtime_ns
    assert "can’t be shown" in said(alice.visit("/path/a.pdf"))
    assert remembered.stat().st_mtime_ns == before


def test_a_page_of_a_pdf_is_drawn(show: Show, alice: Browser) -> None:
    page = show("a.pdf", papers.red_left())
    image = shown(alice, page)
    assert image.size == (1280, 640)
    assert image.getpixel((100, 300))[0] > 200 and image.getpixel((100, 300))[2] < 60
    assert min(image.convert("RGB").getpixel((1200, 300))) > 240
    assert "Page 1 of 1" in said(page)
    assert preview(page).select_one("img")["alt"] == "Page 1 of “a.pdf”"


def test_its_pages_are_turned_by_links(show: Show, alice: Browser) -> None:
    page = show("a.pdf", papers.paper(3))
    assert "Previous page" not in page.links
    page = alice.visit(page.link("Next page").partition("#")[0])
    assert (
        "Page 2 of 3" in said(page) and page.link("Previous page") == "/path/a.pdf?page=1#preview"
    )
    page = alice.visit(page.link("Next page").partition("#")[0])
    assert "Page 3 of 3" in said(page) and "Next page" not in page.links
    assert shown(alice, page)


@pytest.mark.parametrize(
    ("asked", "number"),
    [("2", 2), ("99", 3), ("0", 1), ("-1", 1), ("x", 1), ("", 1), ("9" * 400, 1), ("²", 1)],
)
def test_a_page_that_is_not_there_is_another(
    show: Show, alice: Browser, asked: str, number: int
) -> None:
    page = show("a.pdf", papers.paper(3), f"?page={asked}")
    assert f"Page {number} of 3" in said(page)
    assert shown(alice, page)


def test_a_pdf_of_a_hundred_thousand_pages(show: Show) -> None:
    content = papers.paper(100_000)
    began = time.perf_counter()
    page = show("a.pdf", content, "?page=50")
    assert time.perf_counter() - began < 20
    assert "Page 50 of 100000" in said(page)
    assert "The first 50 pages can be read here. Download it for the rest." in said(page)
    assert "Next page" not in page.links


@pytest.mark.parametrize(
    "content",
    [
        papers.image_bomb(),
        papers.endless(),
        papers.paper(box=b"0 0 99999999 99999999"),
        papers.paper(box=b"0 0 0.0001 99999"),
        papers.paper(box=b"-9e99 -9e99 9e99 9e99"),
        papers.paper(content=b"q " * 2_000_000),
        papers.paper(content=b"0 0 m " + b"9 9 9 9 9 9 c " * 300_000 + b"S"),
        b"%PDF-1.7\n" + papers.pdf(b"<</Type/Catalog/Pages 1 0 R/Kids[1 0 R]/Count 9>>"),
    ],
    ids=["image", "forms", "wide", "thin", "endless", "stack", "curves", "circle"],
)
def test_a_hostile_pdf_takes_nothing_down(show: Show, content: bytes) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    page = show("a.pdf", content)
    assert time.perf_counter() - began < sheets.PATIENCE + 10
    assert "can’t be shown here" in said(page) or preview(page).select("img")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000, "KiB"


def test_scripts_and_actions_in_a_pdf_do_nothing(
    show: Show, alice: Browser, tmp_path: Path
) -> None:
    target = tmp_path / "made"
    script = b"/OpenAction<</S/JavaScript/JS(app.launchURL\\('http://evil.example'\\))>>"
    launch = b"/AA<</WC<</S/Launch/F(%s)>>>>" % str(target).encode()
    assert shown(alice, show("a.pdf", papers.paper(more=script + launch)))
    assert not target.exists()


def test_while_too_many_are_at_work_it_says_so(
    show: Show, alice: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "lane", sandbox.Lane(0, 0))
    page = show("a.pdf", papers.paper())
    assert "The preview is being made." in said(page)
    monkeypatch.undo()
    with time_machine.travel(now() + timedelta(minutes=1)):
        sheets_job_runs(alice)
    assert shown(alice, alice.visit(page.link("Reload")))


def sheets_job_runs(browser: Browser) -> None:
    """What the runner does a minute later."""
    app = browser.client.application
    with app.app_context():
        for id in run.due():
            run.run(id, "here:later")


def test_it_is_made_when_a_file_arrives(keep, instance: Path) -> None:
    keep("alice", "a.pdf", papers.paper())
    assert list((instance / "previews").rglob("*-1.webp"))


def test_what_was_removed_by_hand_is_made_again(show: Show, alice: Browser, instance: Path) -> None:
    show("a.pdf", papers.paper())
    shutil.rmtree(instance / "previews")
    assert shown(alice, alice.visit("/path/a.pdf"))


def test_only_its_owner_gets_it(show: Show, alice: Browser, bob: Browser, carol: Browser) -> None:
    address = preview(show("a.pdf", papers.paper())).select_one("img")["src"]
    assert alice.client.get(address, buffered=True).status_code == 200
    assert bob.client.get(address).status_code == 404
    assert carol.client.get(address).status_code == 401
    for other in ("2", "0", "999999", "9" * 300, "x", "-1"):
        assert alice.client.get(address.rpartition("/")[0] + f"/{other}").status_code == 404


def test_a_deleted_file_has_none(show: Show, alice: Browser) -> None:
    address = preview(show("a.pdf", papers.paper())).select_one("img")["src"]
    alice.post(address.replace("preview/1", "change/delete"))
    assert alice.client.get(address).status_code == 404


def test_it_goes_with_its_blob(show: Show, alice: Browser, instance: Path) -> None:
    address = preview(show("a.pdf", papers.paper())).select_one("img")["src"]
    assert list((instance / "previews").rglob("*.webp"))
    alice.post(address.replace("preview/1", "change/delete"))
    alice.post(address.replace("preview/1", "change/remove"))
    assert not [path for path in (instance / "previews").rglob("*") if path.is_file()]
