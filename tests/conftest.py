"""The cast: Alice owns, Bob is her guest, Carol is a stranger, Root is admin."""

from __future__ import annotations

import gc
import shutil
import tempfile
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
import structlog
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import delete
from tests import postgresql
from tests.browser import Browser
from tests.postgresql import (  # noqa: F401  pytest finds them here
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_configure,
)
from werkzeug.routing import Rule

from frontdesk import create_app, logs
from frontdesk.accounts import passwords, tokens
from frontdesk.accounts import service as accounts
from frontdesk.accounts.models import Attempts, Member
from frontdesk.db import db, transaction
from frontdesk.files import arrivals
from frontdesk.files import service as files

PASSWORD = "a long enough password"
TOUR = ("/", "/hello/", "/upload", "/path/", "/profile", "/admin/", "/nowhere")
MEMORY, ROOM = Path("/dev/shm"), 6_000_000_000


def pytest_sessionstart() -> None:
    """Keep the tests' folders in memory, where there is room, and collect garbage seldom.

    Thousands of apps make much of it, all of it in cycles: looking for it was a sixth of the time.
    """
    gc.set_threshold(200_000, 50, 50)
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
        tempfile.tempdir = str(MEMORY)


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Hash with a thousandth of the work; ``accounts/test_passwords.py`` looks at the real one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", PasswordHasher(1, 8, 1))
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_addresses() -> Iterator[None]:
    """Compile each address once, not in each of thousands of apps: that was most of their start."""
    compiled: dict[Any, Callable[..., tuple[str, str]]] = {}
    compile_builder = Rule._compile_builder

    def once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        defaults = repr(sorted((rule.defaults or {}).items()))
        key = rule.rule, tuple(rule._trace), defaults, append_unknown
        if key not in compiled:
            compiled[key] = compile_builder(rule, append_unknown)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", once)
        yield


@pytest.fixture(scope="session", autouse=True)
def own_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """On PostgreSQL each site has one of its own; on SQLite it lies in the site's folder."""
    with postgresql.told():
        yield
    postgresql.drop(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def prepared(
    tmp_path_factory: pytest.TempPathFactory, quick_passwords: None, own_databases: None
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
def start(instance: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Flask]]:
    """Starts the site with these settings; the folder is this test's own unless one is named."""
    started: list[Flask] = []
    # In production it keeps the standard output of its first line, which is this test's own.
    monkeypatch.setattr(logs, "_lines", structlog.get_logger("frontdesk.request"))

    def start(**settings: Any) -> Flask:
        chosen = {"TESTING": True, "INSTANCE_PATH": str(instance), "MIN_FREE_SPACE": 0}
        started.append(create_app(chosen | settings))
        return started[-1]

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
    assert browser.log_in(name, PASSWORD).status == 303
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
