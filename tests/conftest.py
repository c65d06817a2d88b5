"""The cast: Alice owns, Bob is her guest, Carol is a stranger, Root is admin."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
import structlog
from flask import Flask, request, session
from flask_wtf.csrf import generate_csrf
from sqlalchemy import delete
from sqlalchemy.util import LRUCache
from tests import postgresql
from tests.browser import Browser
from tests.postgresql import (  # noqa: F401  pytest finds them here
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_configure,
)
from tests.quick import (  # noqa: F401  and these
    compiled,
    few_folders,
    pytest_sessionstart,
    pytest_terminal_summary,
    quick_addresses,
    quick_passwords,
    quick_words,
    recent,
)

from frontdesk import create_app, logs
from frontdesk.accounts import service as accounts
from frontdesk.accounts import tokens
from frontdesk.accounts.models import Attempts, Member
from frontdesk.db import db, transaction
from frontdesk.files import arrivals
from frontdesk.files import service as files

PASSWORD = "a long enough password"
TOUR = ("/", "/hello/", "/upload", "/path/", "/profile", "/admin/", "/nowhere")


@pytest.fixture(scope="session", autouse=True)
def own_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """On PostgreSQL each site has one of its own; on SQLite it lies in the site's folder."""
    with postgresql.told():
        yield
    postgresql.drop(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def prepared(
    tmp_path_factory: pytest.TempPathFactory,
    quick_passwords: None,  # noqa: F811  pytest's way
    own_databases: None,
) -> Path:
    """An instance folder to copy: database, templates and static files are made already."""
    folder = tmp_path_factory.mktemp("prepared")
    app = create_app({"TESTING": True, "INSTANCE_PATH": str(folder), "MIN_FREE_SPACE": 0})
    with app.app_context():
        for name in ("alice", "bob", "root"):
            accounts.create(name, PASSWORD, is_admin=name == "root")
    browser = Browser(app.test_client())
    browser.log_in("root", PASSWORD)
    for address in TOUR:
        browser.visit(address)
    for name in app.jinja_env.list_templates(["html"]):
        app.jinja_env.get_template(name)
    browser.visit("/logout")
    browser.submit("logout")
    with app.app_context():
        with transaction() as session:  # else a run of a quarter of an hour has tries to purge
            session.execute(delete(Attempts))
        db.engine.dispose()
    return folder


@pytest.fixture(autouse=True)
def no_database_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """What this test's sites had on PostgreSQL goes with it."""
    has_folder = postgresql.is_used() and "tmp_path" in request.fixturenames
    folder = request.getfixturevalue("tmp_path") if has_folder else None
    yield
    if folder:
        postgresql.drop(folder)


@pytest.fixture
def instance(prepared: Path, tmp_path: Path) -> Path:
    """An instance folder of this test's own, with the cast in its database."""
    folder = tmp_path / "instance"
    shutil.copytree(prepared, folder)
    if postgresql.is_used():
        postgresql.copy(prepared, folder)
    return folder


@pytest.fixture
def settings() -> dict[str, Any]:
    """Settings of this test's site; a module overrides this fixture to add its own."""
    return {}


@pytest.fixture
def stdout(monkeypatch: pytest.MonkeyPatch) -> StringIO:
    """What the site logs; ask for it before the app."""
    out = StringIO()  # pytest's own capture is another one in each phase of a test
    monkeypatch.setattr(logs, "sys", SimpleNamespace(stdout=out, argv=[""]))
    return out


@pytest.fixture
def start(
    instance: Path,
    compiled: LRUCache[Any, Any],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., Flask]]:
    """Starts the site with these settings; the folder is this test's own unless one is named."""
    started: list[Flask] = []
    # In production it keeps the standard output of its first line, which is this test's own.
    monkeypatch.setattr(logs, "_lines", structlog.get_logger("frontdesk.request"))

    def start(**settings: Any) -> Flask:
        chosen = {"TESTING": True, "INSTANCE_PATH": str(instance), "MIN_FREE_SPACE": 0}
        app = create_app(chosen | settings)
        started.append(app)
        with app.app_context():
            db.engine._compiled_cache = compiled
        return app

    yield start
    for app in started:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def app(start: Callable[..., Flask], settings: dict[str, Any]) -> Flask:
    """The site, on a folder and a database of its own."""
    return start(**settings)


@pytest.fixture
def open_browser(app: Flask) -> Callable[[], Browser]:
    """Another device at the same site."""
    return lambda: Browser(app.test_client())


@pytest.fixture
def carol(open_browser: Callable[[], Browser]) -> Browser:
    """A stranger."""
    return open_browser()


def _logged_in(browser: Browser, name: str) -> Browser:
    """By the form of the log-in page, without looking at the page: that is other tests' matter."""
    with browser.client.application.test_request_context():
        token, held, whence = generate_csrf(), session["csrf_token"], request.host_url
    with browser.client.session_transaction() as cookie:
        cookie["csrf_token"] = held
    answers = {"username": name, "password": PASSWORD, "csrf_token": token}
    assert browser.send("/login", answers, Referer=whence).status == 303
    return browser


@pytest.fixture
def alice(open_browser: Callable[[], Browser]) -> Browser:
    """A member, logged in."""
    return _logged_in(open_browser(), "alice")


@pytest.fixture
def bob(open_browser: Callable[[], Browser]) -> Browser:
    """Another member, logged in."""
    return _logged_in(open_browser(), "bob")


@pytest.fixture
def root(open_browser: Callable[[], Browser]) -> Browser:
    """The admin, logged in."""
    return _logged_in(open_browser(), "root")


@pytest.fixture
def member(app: Flask) -> Iterator[Callable[[str], Member]]:
    """Look a member up by name, inside the site's context.

    Not beside a browser: requests inside a context share who is logged in.
    """
    with app.app_context():
        yield lambda name: accounts.find(name) or pytest.fail(f"no {name}")


@pytest.fixture
def keep(app: Flask) -> Callable[..., str]:
    """Put a file into a member's place, without a browser; gives its id."""

    def keep(
        owner: str,
        name: str,
        content: bytes = b"content",
        folder: str = "",
        on_conflict: arrivals.OnConflict = "number",
    ) -> str:
        with app.test_request_context(), files.storage().begin() as staged:
            staged.write(content)
            found = accounts.find(owner)
            assert found
            path = [part for part in folder.split("/") if part]
            return str(arrivals.take_in(found.id, path, name, staged, on_conflict).file.id)

    return keep


@pytest.fixture
def token(app: Flask) -> Callable[..., str]:
    """Makes a token of a member's, as they do on /profile/tokens."""

    def make(name: str = "alice", scope: str = "read", days: int | None = 30) -> str:
        with app.app_context():
            found = accounts.find(name)
            assert found
            return tokens.create(found.id, uuid4(), "test", scope, days)

    return make
