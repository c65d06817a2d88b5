"""flask move as an owner gives it: killed at each stage, given again, and the site served there."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from sqlalchemy import URL, make_url
from tests import postgresql
from tests.faults.people import Member
from tests.serve.conftest import ROOT, Server, Visitor, add_member, environment, start
from tests.serve.ledger import Ledger
from tests.serve.test_start_and_stop import within

from frontdesk.db import Base

pytestmark = [
    pytest.mark.server,
    pytest.mark.postgresql,
    pytest.mark.xdist_group("server"),
]
NAME = "Übung 2026.bin"
DATA = os.urandom(300_000)
OURS = "datname = current_database() AND application_name = 'frontdesk'"
CONNECTED = f"SELECT count(*) FROM pg_stat_activity WHERE {OURS}"
WAITS = f"{CONNECTED} AND wait_event_type = 'Lock'"
ASKED = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
FIRST_LOCK = "SELECT pg_advisory_xact_lock(4603)"
# What another does meanwhile, and so how far it comes: before the tables, amid them, amid rows.
IN_ITS_WAY = [
    FIRST_LOCK,
    "CREATE EXTENSION pg_trgm",
    "LOCK TABLE files IN SHARE MODE",
    "LOCK TABLE links IN SHARE MODE",
]


@dataclass
class Site:
    """One that ran on SQLite, and what its people had in their hands then."""

    folder: Path
    cookies: dict[str, str]
    secret: str
    link: str
    target: URL

    @property
    def file(self) -> Path:
        return self.folder / "instance/frontdesk.db"

    def rows(self) -> dict[str, list[Any]]:
        """All that stands in each table of the old one."""
        with closing(sqlite3.connect(f"{self.file.as_uri()}?mode=ro", uri=True)) as connection:
            whole = ((name, f"SELECT * FROM {name}") for name in Base.metadata.tables)
            return {name: connection.execute(one).fetchall() for name, one in whole}


@contextmanager
def on_sqlite() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(postgresql.VARIABLE)
        yield


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("moved")
    with on_sqlite():
        add_member(folder)
        server = start(folder)
        alice = Member.at(server)
        alice.keep(NAME, DATA)
        alice.keep("plan.txt", b"the plan")
        link = share(alice.visitor, "plan.txt")
        server.stop()
    target = make_url(postgresql.url_of(folder / "instance"))
    yield Site(folder, dict(alice.visitor.cookies), alice.secret, link, target)
    postgresql.drop(folder)


@pytest.fixture(scope="module")
def server(site: Site) -> Iterator[Server]:
    """The moved site, served."""
    if not any((rows(site) or {}).values()):  # nobody has moved it here
        begin(site).communicate()
    running = start(site.folder)
    yield running
    running.crash()


def share(visitor: Visitor, name: str) -> str:
    """Make a link to a file; its path."""
    page = visitor.ask("GET", f"/path/{name}").html
    (address,) = {str(tag["href"]) for tag in page.select("a") if tag.text.strip() == "Link"}
    assert visitor.submit(address, "link", days="7").status == 303
    copied = visitor.ask("GET", address).html.select_one("input[readonly]")
    assert copied
    return "/s/" + str(copied["value"]).partition("/s/")[2]


def begin(site: Site) -> subprocess.Popen[bytes]:
    words = ["-m", "flask", "--app", "site/frontdesk", "move", "--database"]
    url = site.target.render_as_string(hide_password=False)
    with on_sqlite():
        return subprocess.Popen(
            [sys.executable, *words, url], cwd=ROOT, env=environment(site.folder),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip


@contextmanager
def killed(site: Site) -> Iterator[None]:
    """It is given, and killed where it waits for somebody after all this."""
    process = begin(site)
    try:
        assert within(20, lambda: ask(site, WAITS) or process.poll() is not None)
        yield
        assert process.poll() is None and ask(site, WAITS), process.communicate()
        os.killpg(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.communicate()


@contextmanager
def another(site: Site) -> Iterator[psycopg.Connection[Any]]:
    url = site.target.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        yield connection
        connection.rollback()


def ask(site: Site, question: str) -> int:
    with another(site) as connection:
        (found,) = connection.execute(question).fetchone() or (0,)
    return int(found)


def rows(site: Site) -> dict[str, int] | None:
    """How many the target's tables have; none where there are no tables."""
    ours = Base.metadata.tables
    if not ask(site, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"):
        return None
    return {name: ask(site, f"SELECT count(*) FROM {name}") for name in ours}


def is_over(site: Site) -> bool:
    """Whether the server has found out that nobody is there any more."""
    return within(20, lambda: not ask(site, CONNECTED))


def test_killed_at_any_stage_it_begins_anew_and_the_old_site_stays_as_it_is(site: Site) -> None:
    before = site.rows()
    for number, statement in enumerate(IN_ITS_WAY):
        if number == 2:
            kill_between_tables_and_rows(site)
        with another(site) as other:
            other.execute(statement)
            with killed(site):
                pass
        assert is_over(site)
        found = rows(site)
        assert (found is None) == (number < 2), statement
        assert not any((found or {}).values()), statement
        assert site.rows() == before
    process = begin(site)
    said, wrong = process.communicate()
    assert process.returncode == 0, wrong
    assert b"are the same in both" in said
    assert site.rows() == before
    assert rows(site) == {name: len(found) for name, found in before.items()}


def kill_between_tables_and_rows(site: Site) -> None:
    """Somebody asks for the site's lock while the tables are made, and has it when they are."""
    with another(site) as first, another(site) as second:
        first.execute(IN_ITS_WAY[1])
        with killed(site):
            asking = Thread(target=second.execute, args=[FIRST_LOCK])
            asking.start()
            assert within(20, lambda: ask(site, ASKED) == 1)
            first.rollback()
            asking.join()
            assert within(20, lambda: ask(site, WAITS))


def test_people_find_all_as_it_was(site: Site, server: Server) -> None:
    cookies = Visitor(server.port, dict(site.cookies))
    assert cookies.ask("GET", "/path/").title == "Files", "who was logged in still is"
    alice = Visitor(server.port)
    wrong = alice.submit("/login", "login", username="alice", password="another long one")
    assert wrong.status == 422
    alice.log_in()
    assert alice.ask("GET", f"/path/{quote(NAME)}?download=1").body == DATA
    found = alice.ask("GET", f"/path/?key={quote('ÜBUNG')}")
    assert NAME in found.body.decode() and b"plan.txt" not in found.body
    assert Visitor(server.port).ask("GET", site.link).title == "plan.txt"
    by_token = {"Authorization": f"Bearer {site.secret}"}
    program = Visitor(server.port)
    assert program.ask("PUT", "/path/new.txt", b"new", **by_token).status == 201
    assert alice.ask("GET", "/path/new.txt?download=1").body == b"new"
    Ledger(site.folder).check()
