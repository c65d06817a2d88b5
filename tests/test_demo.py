"""demo/ - a site to look at: whole, for everybody, and never over what is somebody's own."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from flask import Flask
from sqlalchemy import func, select
from tests.browser import Browser
from tests.conftest import PASSWORD

from frontdesk import create_app
from frontdesk.accounts.models import LoginSession, Member, Token
from frontdesk.audit import LogEntry
from frontdesk.db import db, now
from frontdesk.demo import made
from frontdesk.demo.cast import CAST
from frontdesk.files import scrub
from frontdesk.files.models import File, Version
from frontdesk.posts.models import Link, Post

STARTS = ("/hello/", "/path/", "/profile", "/upload", "/bin")
MOST = 30
NOT_PAGES = ("/logout", "/static", "/setup", "/favicon")
ASKED = ["demo", "--password-stdin"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, quick_passwords: None) -> Iterator[Flask]:
    """A site that the command has filled, once for all tests here; none of them changes it."""
    folder = tmp_path_factory.mktemp("demo")
    app = create_app({"TESTING": True, "INSTANCE_PATH": str(folder), "MIN_FREE_SPACE": 0})
    done = app.test_cli_runner().invoke(args=[*ASKED, "--json"], input=PASSWORD)
    assert done.exit_code == 0, (done.output, done.exception)
    assert json.loads(done.output)["admin"] == "root"
    yield app
    with app.app_context():
        db.engine.dispose()


def counts(app: Flask) -> list[int]:
    tables = (Member, File, Version, Post, Link, Token, LoginSession, LogEntry)
    with app.app_context():
        return [db.session.scalar(select(func.count()).select_from(t)) or 0 for t in tables]


def walk(browser: Browser, starts: tuple[str, ...]) -> dict[str, int]:
    """The pages that links lead to from ``starts``, and what each answers."""
    seen: dict[str, int] = {}
    waiting = deque(starts)
    while waiting and len(seen) < MOST:
        address = waiting.popleft()
        if address in seen:
            continue
        page = browser.visit(address)
        seen[address] = page.status
        for href in page.html.select("a[href]"):
            to = urldefrag(urljoin(f"http://localhost{address}", str(href["href"]))).url
            parts = urlsplit(to)
            if parts.netloc == "localhost" and not parts.path.startswith(NOT_PAGES):
                waiting.append(f"{parts.path}?{parts.query}".rstrip("?"))
    return seen


@pytest.mark.parametrize("person", [p for p in CAST if not p.fate or p.fate == "full"])
def test_every_page_of_every_person_is_there(site: Flask, person: object) -> None:
    browser = Browser(site.test_client())
    assert browser.log_in(person.username, PASSWORD).status == 303  # type: ignore[attr-defined]
    starts = ("/admin/", "/admin/people", "/admin/space") if person is CAST[0] else ()
    found = walk(browser, (*starts, *STARTS))
    assert len(found) >= 8 and not {
        a: code for a, code in found.items() if code not in {200, 302, 303}
    }


def test_who_may_not_log_in_does_not(site: Flask) -> None:
    assert Browser(site.test_client()).log_in("olu", PASSWORD).status == 422


def test_there_is_history_and_the_books_are_right(site: Flask) -> None:
    members, kept, versions, sent, links, tokens, log_ins, entries = counts(site)
    assert members == len(CAST) and kept > 25 and versions > 15 and sent == 7
    assert links > 10 and tokens == 4 and log_ins > members and entries > 150
    with site.app_context():
        first, last = db.session.execute(select(func.min(LogEntry.at), func.max(LogEntry.at))).one()
        assert timedelta(weeks=5) < last - first < timedelta(weeks=7) and last <= now()
        full = db.session.scalars(select(Member).where(Member.username == "josé")).one()
        assert full.quota and 0.95 < full.used / full.quota <= 1
        assert not scrub.scrub().findings


def test_twice_adds_nothing(site: Flask) -> None:
    before = counts(site)
    done = site.test_cli_runner().invoke(args=ASKED, input="another long password")
    assert (done.exit_code, done.output) == (0, "The demo is here already. Nothing was added.\n")
    assert counts(site) == before


@pytest.mark.parametrize("name", ["a.md", "a.txt", "a.csv", "a.py", "a.png", "a.jpg"])
def test_it_is_the_same_each_time(name: str) -> None:
    first, again = (made.content(name, 2, Random(7)) for _ in range(2))
    assert first == again != made.content(name, 3, Random(8))


def test_where_others_live_it_adds_nothing_unless_forced(app: Flask, root: Browser) -> None:
    runner, before = app.test_cli_runner(), counts(app)
    done = runner.invoke(args=ASKED, input=PASSWORD)
    assert done.exit_code == 1 and "such as alice" in done.output and counts(app) == before


def test_by_force_it_leaves_who_was_there_alone(
    app: Flask, keep: Callable[..., str], root: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("frontdesk.demo.story.CAST", CAST[:1] + CAST[9:])
    keep("root", "mine.txt", b"mine")
    runner = app.test_cli_runner()
    done = runner.invoke(args=[*ASKED, "--force"], input="another long password")
    assert done.exit_code == 0 and "root" not in done.output
    assert root.visit("/profile").status == 200 and "mine.txt" in root.visit("/path/").text
    assert "house" not in root.visit("/path/").text
    assert root.visit("/admin/people").html.select("tbody tr")[5:]
