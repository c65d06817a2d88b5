"""errors.py - every no has a page of its own, a problem for programs, and an id in the log."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from io import StringIO
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import OperationalError
from tests import postgresql
from tests.browser import Browser
from tests.conftest import PASSWORD
from werkzeug.exceptions import HTTPException, default_exceptions

from frontdesk import db
from frontdesk.access import public
from frontdesk.accounts import service

PAGES = {
    400: "The request could not be read",
    401: "Log in to continue",
    403: "You do not have access",
    404: "Page not found",
    405: "This address is for forms only",
    410: "This link has ended",
    413: "The file is too large",
    422: "There is a problem",
    429: "Too many tries",
    500: "There is a problem with this site",
    503: "The site is busy",
    507: "There is not enough space",
}
PROGRAM = {"Accept": "application/json"}


@pytest.fixture
def settings() -> dict[str, object]:
    return {"PROPAGATE_EXCEPTIONS": False, "LOG_FORMAT": "json"}


@pytest.fixture
def app(stdout: StringIO, start: Callable[..., Flask], settings: dict[str, object]) -> Flask:
    """The site, with pages that fail on purpose."""
    app = start(**settings)
    app.add_url_rule("/say/<int:status>", "say", public(say))
    app.add_url_rule("/crash", "crash", public(crash))
    app.add_url_rule("/full", "full", public(fill))
    return app


def say(status: int) -> str:
    error = default_exceptions.get(status, HTTPException)()
    error.code = status
    raise error


def crash() -> str:
    secret = "a local value"
    raise RuntimeError(f"nobody expected this, {len(secret)}")


def fill(*_: object) -> str:
    raise OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))


def problem(browser: Browser, address: str, method: str = "GET") -> dict[str, object]:
    response = browser.client.open(address, method=method, headers=PROGRAM)
    assert response.mimetype == "application/problem+json"
    said = response.json
    assert said and said["status"] == response.status_code
    assert {"type", "title", "status", "detail", "request_id"} <= said.keys()
    assert all(said[name] for name in ("type", "title", "detail"))
    return dict(said)


@pytest.mark.parametrize("status", PAGES)
def test_each_status_has_its_own_page(carol: Browser, status: int) -> None:
    page = carol.visit(f"/say/{status}")
    assert (page.status, page.response.mimetype) == (status, "text/html")
    assert PAGES[status] in page.title
    reference = page.html.select_one(".reference code")
    assert reference and reference.get_text() == page.response.headers["X-Request-ID"]
    assert page.html.select("main a[href], main form[action]"), "there is a way on"


def test_no_two_statuses_share_a_page(carol: Browser) -> None:
    assert len({carol.visit(f"/say/{status}").title for status in PAGES}) == len(PAGES)


@pytest.mark.parametrize("status", PAGES)
def test_each_status_is_a_problem_for_a_program(carol: Browser, status: int) -> None:
    assert problem(carol, f"/say/{status}")["status"] == status


@pytest.mark.parametrize("status", [402, 418, 451, 501, 504])
def test_another_status_is_shown_too(carol: Browser, status: int) -> None:
    page = carol.visit(f"/say/{status}")
    assert page.status == status and page.title


def test_405_says_which_methods_there_are(carol: Browser) -> None:
    response = carol.client.post("/health")
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert problem(carol, "/health", "DELETE")["title"] == "Method Not Allowed"


def test_a_form_that_was_open_too_long_can_be_sent_again(alice: Browser) -> None:
    alice.visit("/profile")
    sent = {"csrf_token": "old", "display_name": "Ada <3", "theme": "dark", "language": "en"}
    headers = {"Sec-Fetch-Site": "same-origin"}
    page = alice._read(alice.client.post("/profile", data=sent, headers=headers))
    assert (page.status, page.title) == (400, "Your page was open too long")
    assert alice.submit("again").status == 303
    assert alice.visit("/profile").html.select_one("#display_name")["value"] == "Ada <3"


def test_a_password_is_never_kept_to_be_sent_again(carol: Browser) -> None:
    sent = {"csrf_token": "old", "username": "alice", "password": PASSWORD}
    headers = {"Sec-Fetch-Site": "same-origin"}
    response = carol.client.post("/login", data=sent, headers=headers)
    assert response.status_code == 400 and PASSWORD not in response.text


def logged(out: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.splitlines()]


def test_the_id_on_the_500_page_stands_in_the_log(carol: Browser, stdout: StringIO) -> None:
    page = carol.visit("/crash")
    assert page.status == 500
    assert "RuntimeError" not in page.response.text and "nobody expected" not in page.response.text
    reference = page.html.select_one(".reference code").get_text()
    (error,) = [line for line in logged(stdout.getvalue()) if line["level"] == "error"]
    assert error["request_id"] == reference
    assert "nobody expected this" in json.dumps(error)
    assert "a local value" not in json.dumps(error), "locals hold passwords and cookies"


def test_a_crash_tells_a_program_nothing_but_its_id(carol: Browser) -> None:
    said = problem(carol, "/crash")
    assert said["status"] == 500 and "expected" not in json.dumps(said)


@pytest.mark.sqlite
def test_a_damaged_database_is_503(alice: Browser, instance: Path) -> None:
    with (instance / "frontdesk.db").open("r+b") as file:
        file.write(b"this is no database any more" * 200)
    for left in instance.glob("frontdesk.db-*"):
        left.unlink()
    with alice.client.application.app_context():
        db.db.engine.dispose()
    page = alice.visit("/hello/")
    assert (page.status, page.title) == (503, "The site is busy")


@pytest.mark.sqlite
def test_a_database_that_is_gone_is_503(alice: Browser, instance: Path) -> None:
    with alice.client.application.app_context():
        db.db.engine.dispose()
    for part in instance.glob("frontdesk.db*"):
        part.rename(part.with_name("elsewhere" + part.suffix))
    page = alice.visit("/hello/")
    assert (page.status, page.title) == (503, "The site is busy")
    assert alice.client.get("/ak").status_code == 200
    assert alice.client.get("/health").status_code == 503


def test_500_needs_no_theme(carol: Browser, instance: Path) -> None:
    broken = instance / "theme/templates"
    (broken / "errors").mkdir(parents=True)
    for name in ("base.html", "errors/500.html", "errors/_plain.html", "errors/404.html"):
        (broken / name).write_text("{{ nobody.knows(this) }}")
    page = carol.visit("/nowhere")
    assert (page.status, page.title) == (500, "There is a problem with this site")


def test_a_full_disk_is_507(carol: Browser) -> None:
    page = carol.visit("/full")
    assert page.status == 507 and "space" in page.response.text.lower()
    assert problem(carol, "/full")["title"] == "Insufficient Storage"


def test_an_error_page_that_cannot_be_made_is_words_all_the_same(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What leaves Flask as an OSError gunicorn takes for a line that broke, and hangs up."""
    monkeypatch.setattr(app.jinja_env, "get_template", fill)
    answer = app.test_client().get("/full", headers={"Accept-Language": "zh"})
    assert answer.status_code == 507
    assert "磁盘" in answer.text


@contextmanager
def elsewhere(instance: Path) -> Iterator[None]:
    """Another program writes."""
    if postgresql.is_used():
        with create_engine(postgresql.url_of(instance), poolclass=NullPool).begin() as connection:
            connection.execute(db.LOCK)
            yield
        return
    with closing(sqlite3.connect(instance / "frontdesk.db")) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield


class TestLocked:
    """Another program holds the database, for real."""

    @pytest.fixture
    def settings(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
        pragmas = [pragma for pragma in db.PRAGMAS if "timeout" not in pragma]
        monkeypatch.setattr(db, "PRAGMAS", ("busy_timeout=100", *pragmas))
        monkeypatch.setattr(db, "ALONE", text(str(db.ALONE).replace("'10s'", "'100ms'")))
        return {"PROPAGATE_EXCEPTIONS": False}

    @pytest.fixture
    def locked(self, alice: Browser, instance: Path) -> Iterator[None]:
        with elsewhere(instance):
            yield

    def test_what_would_change_something_is_503_and_changes_nothing(
        self, app: Flask, alice: Browser, instance: Path
    ) -> None:
        alice.visit("/profile")
        with elsewhere(instance):
            page = alice.submit("profile", display_name="Never")
        assert (page.status, page.title) == (503, "The site is busy")
        with app.app_context():
            found = service.find("alice")
            assert found and found.display_name == ""

    def test_once_it_is_free_the_same_form_works(self, alice: Browser, instance: Path) -> None:
        alice.visit("/profile")
        form = alice.page
        with elsewhere(instance):
            assert alice.submit("profile", display_name="Later").status == 503
        alice.page = form
        assert alice.submit("profile", display_name="Later").status == 303

    def test_reading_goes_on(self, alice: Browser, locked: None) -> None:
        assert alice.visit("/hello/").status == 200
        assert alice.visit("/path/").status == 200

    def test_nobody_gets_in_uncounted(self, carol: Browser, locked: None) -> None:
        """The tries can't be counted, so none is let through."""
        assert carol.log_in("bob", PASSWORD).status == 503

    def test_a_program_reads_it_too(self, carol: Browser, locked: None) -> None:
        carol.visit("/login")
        page = carol.submit("login", username="bob", password=PASSWORD, headers=PROGRAM)
        assert page.response.json["status"] == 503


@pytest.mark.parametrize(
    "accept", ["application/json, text/plain, */*", "application/problem+json"]
)
def test_a_program_that_names_json_gets_it(carol: Browser, accept: str) -> None:
    answer = carol.client.get("/path/", headers={"Accept": accept})
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")


@pytest.mark.parametrize("address", ["/nowhere", "/path/", "/theme"])
def test_problems_speak_the_sites_words(carol: Browser, address: str) -> None:
    problem = carol.client.get(address, headers={"Accept": "application/json"}).json
    assert problem and "please" not in problem["detail"].lower()
    assert "requested URL" not in problem["detail"]
    assert problem["request_id"]
