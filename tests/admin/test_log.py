"""/admin/log - who did what, when, from where: filtered, page by page, as CSV, and kept so long."""

from __future__ import annotations

import ast
import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select
from sqlalchemy.dialects import sqlite
from tests.browser import Browser, Page

from frontdesk.admin import entries
from frontdesk.admin.words import WHAT
from frontdesk.audit import LogEntry
from frontdesk.db import db, now, transaction
from frontdesk.files import purge

SITE = Path(__file__).parents[2] / "site/frontdesk"
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def write(app: Flask, *rows: dict[str, Any]) -> None:
    """These entries and no others."""
    usual = {"what": "file.upload", "who": "alice", "address": "192.0.2.1", "at": NOON, "facts": {}}
    with app.app_context(), transaction() as session:
        session.execute(delete(LogEntry))
        session.execute(insert(LogEntry), [usual | {"request_id": ""} | row for row in rows])


def shown(page: Page) -> list[str]:
    return [page._words(row) for row in page.html.select("#entries tbody tr")]


def downloaded(browser: Browser, query: str = "") -> list[list[str]]:
    answer = browser.client.get(f"/admin/log.csv{query}", buffered=True)
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


# The page


def test_the_admins_pages_lead_there(root: Browser) -> None:
    page = root.visit(root.visit("/admin/").links["Log"])
    assert (page.status, page.title) == (200, "Log")
    assert "root logged in member.login by password" in shown(page)[0]


@pytest.mark.parametrize("address", ["/admin/log", "/admin/log.csv"])
def test_for_others_it_is_not_there(alice: Browser, carol: Browser, address: str) -> None:
    assert (alice.visit(address).status, carol.visit(address).status) == (404, 401)


@pytest.mark.parametrize("address", ["/admin/log", "/admin/log.csv"])
def test_nothing_is_posted_there(root: Browser, address: str) -> None:
    assert root.post(address).status == 405


@pytest.mark.parametrize(
    ("query", "who"),
    [
        ({"what": "link.create"}, ["bob"]),
        ({"who": "bob"}, ["bob"]),
        ({"address": "192.0.2.9"}, ["carol"]),
        ({"from": "2026-03-11"}, ["dan"]),
        ({"until": "2026-03-09"}, ["erin"]),
        ({"from": "2026-03-10", "until": "2026-03-10"}, ["carol", "bob", "alice"]),
        ({"who": "bob", "what": "file.upload"}, []),
        ({}, ["erin", "dan", "carol", "bob", "alice"]),
    ],
)
def test_it_is_filtered(app: Flask, root: Browser, query: dict[str, str], who: list[str]) -> None:
    a_day = timedelta(days=1)
    write(
        app,
        {"who": "alice"},
        {"who": "bob", "what": "link.create"},
        {"who": "carol", "address": "192.0.2.9"},
        {"who": "dan", "at": NOON + a_day},
        {"who": "erin", "at": NOON - a_day / 2 - timedelta(seconds=1)},  # the clock was set back
    )
    root.visit("/admin/log")
    found = [line.split(" UTC ")[1].split()[0] for line in shown(root.submit("filter", **query))]
    assert found == who


def test_what_is_no_day_is_said_beside_it(root: Browser) -> None:
    page = root.visit("/admin/log?from=yesterday")
    assert (page.status, page.errors) == (422, {"from": "Enter a date, such as 2026-11-22"})


@pytest.mark.parametrize(
    "query",
    [
        "before=x",
        "after=-1",
        "before=" + "9" * 5000,
        "before=2147483648",
        "from=2999-01-01",
        "what=no.word",
    ],
)
def test_a_strange_address_is_a_page_all_the_same(root: Browser, query: str) -> None:
    assert root.visit(f"/admin/log?{query}").status == 200


def test_it_goes_on_page_by_page_and_back(app: Flask, root: Browser) -> None:
    write(app, *({"who": f"m{number}"} for number in range(120)))
    seen = []
    page = root.visit("/admin/log?what=file.upload")
    while True:
        seen += [line.split()[5] for line in shown(page)]
        if "Older" not in page.links:
            break
        page = root.visit(page.link("Older"))
    assert seen == [f"m{number}" for number in reversed(range(120))]
    page = root.visit(page.link("Newer"))
    assert "m69 " in shown(page)[0] and len(shown(page)) == 50


def test_what_people_typed_is_text(app: Flask, root: Browser) -> None:
    write(app, {"who": "<b>x</b>", "facts": {"name": "<script>alert(1)</script>"}})
    page = root.visit("/admin/log?who=<b>x</b>")
    assert "<script>alert(1)</script>" in page.text and not page.html.select("main script, main b")


# CSV


def test_it_is_downloaded_as_it_is_filtered(app: Flask, root: Browser) -> None:
    write(app, {"who": "bob", "facts": {"file": "a", "size": 5}}, {"who": "年", "what": "purge"})
    head, *lines = downloaded(root, "?who=bob")
    assert head == list(entries.COLUMNS)
    (line,) = lines
    assert line[1:5] == ["2026-03-10T12:00:00Z", "file.upload", "bob", "192.0.2.1"]
    assert line[7] == '{"file": "a", "size": 5}'


@pytest.mark.parametrize("who", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_is_a_formula(app: Flask, root: Browser, who: str) -> None:
    write(app, {"who": who})
    assert downloaded(root)[2][3] == f"'{who}"


def test_names_with_commas_and_quotes_stay_whole(app: Flask, root: Browser) -> None:
    write(app, {"who": 'a, "b"\r\nc'})
    assert downloaded(root)[2][3] == 'a, "b"\r\nc'


def test_all_pieces_come_in_order(
    app: Flask, root: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entries, "A_PIECE", 7)
    write(app, *({"who": f"m{number}"} for number in range(30)))
    assert [line[3] for line in downloaded(root)[2:]] == [f"m{n}" for n in reversed(range(30))]


def test_who_takes_it_is_noted(app: Flask, root: Browser) -> None:
    root.client.head("/admin/log.csv")
    downloaded(root, "?who=bob&from=2026-03-01")
    with app.app_context():
        noted = db.session.scalars(select(LogEntry).where(LogEntry.what == "log.export")).all()
        assert [(one.who, one.facts) for one in noted] == [
            ("root", {"filter": "who=bob&from=2026-03-01"})
        ]


# A million entries


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"what": "purge"},
        {"who": "bob"},
        {"address": "192.0.2.1"},
        {"from": "2026-03-01"},
        {"until": "2026-03-01"},
    ],
)
@pytest.mark.sqlite
def test_no_filter_reads_the_whole_log(app: Flask, asked: dict[str, str]) -> None:
    write(app, {}, {})
    with app.app_context():
        page = entries.statement_of(entries.read_filter(asked))
        page = page.where(LogEntry.id < 9).order_by(LogEntry.id.desc()).limit(51)
        text = str(page.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
        plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all()
        steps = " ".join(str(step[3]) for step in plan)
        assert "SEARCH log" in steps and "SCAN" not in steps and "TEMP B-TREE" not in steps


# How long it is kept


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"LOG_RETENTION": 30}


def test_what_is_older_goes_and_the_last_purge_stays(app: Flask) -> None:
    with app.app_context():
        purge.purge()
        old, new = now() - timedelta(days=31), now() - timedelta(days=29)
    write(app, {"at": old, "who": "a"}, {"at": new, "who": "b"}, {"at": old, "what": "purge"})
    with app.app_context():
        assert purge.purge(force=True).log == 1
        left = db.session.execute(select(LogEntry.what, LogEntry.who).order_by(LogEntry.id)).all()
        assert [tuple(line) for line in left] == [
            ("file.upload", "b"), ("purge", "alice"), ("purge", "")
        ]  # fmt: skip


def test_nothing_goes_when_the_clock_jumped(app: Flask) -> None:
    write(app, {"at": NOON}, {"at": NOON, "what": "purge"})
    with app.app_context():
        removed = purge.purge()
        assert removed.waited and removed.log == 0


def test_without_an_end_all_is_kept(start: Callable[..., Flask]) -> None:
    app = start(LOG_RETENTION=0)
    write(app, {"at": NOON}, {"at": NOON, "what": "purge"})
    with app.app_context():
        assert purge.purge(force=True).log == 0


# Words


def recorded() -> Iterator[tuple[Path, ast.expr]]:
    """(file, the word) of each ``audit.record(…)`` in the site, and of the helpers beside it."""
    for path in SITE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if name in {"audit.record", "_record"} and isinstance(node, ast.Call) and node.args:
                yield path, node.args[0]


def test_each_word_of_the_log_is_said_in_words() -> None:
    words = {
        constant.value
        for _, word in recorded()
        for constant in ast.walk(word)
        if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
    }
    assert len(words) > 30
    whole = {word for word in words if "." in word and not word.endswith(".")}
    assert whole <= WHAT.keys()
    assert all(any(known.startswith(word) for known in WHAT) for word in words - whole)
