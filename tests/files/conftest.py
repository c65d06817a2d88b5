"""After each test here: each row has its bytes, no bytes lack a row, the sums are right."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import werkzeug.test
from flask import Flask
from sqlalchemy import column, func, select, table
from tests.browser import Browser, Page
from tests.files.program import Program

from frontdesk.accounts.models import Member
from frontdesk.db import Moment, db, transaction
from frontdesk.files import service
from frontdesk.files.models import Blob, File, Folder, Upload, Version

INDEXED = table(  # what SQLite's triggers keep
    "search_names",
    *(column("thing_id"), column("folder_id"), column("name_key")),
    *(column("size"), column("created_at", Moment())),
)
JSON = {"Accept": "application/json"}


class Books:
    """What storage and database say of each other; ``closed`` is why a test leaves them wrong."""

    closed = ""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def on_disk(self) -> set[Path]:
        """All files of storage, unfinished ones too."""
        with self.app.app_context():
            folder = service.storage().path(uuid4()).parents[1]
        found = {path for path in folder.rglob("*") if not path.is_dir()}
        return {path for path in found if folder / "uploads" not in path.parents}

    def check(self) -> None:
        with self.app.app_context():
            blobs = {blob.id: blob for blob in db.session.scalars(select(Blob))}
            for blob in blobs.values():
                data = service.storage().path(blob.id).read_bytes()
                assert len(data) == blob.size, "a blob is as long as its row says"
                assert hashlib.sha256(data).hexdigest() == blob.sha256
            assert {path.name for path in self.on_disk()} == {str(id) for id in blobs}
            for kind in (File, Version):
                for row in db.session.scalars(select(kind)):
                    assert row.size == blobs[row.blob_id].size
            self._check_sums()
            self.check_lists()

    def check_lists(self) -> None:
        """Counters and the search's index say what is there, whichever verbs were used."""
        files = list(db.session.scalars(_listed(File, File.folder_id)))
        folders = list(db.session.scalars(_listed(Folder, Folder.parent_id)))
        lines = [(file, file.folder_id) for file in files]
        lines += [(inner, inner.parent_id) for inner in folders]
        for folder in db.session.scalars(_fresh(select(Folder))):
            sizes = [file.size for file in files if file.folder_id == folder.id]
            inner = sum(one.parent_id == folder.id for one in folders)
            kept = folder.files_in, folder.folders_in, folder.bytes_in
            assert kept == (len(sizes), inner, sum(sizes)), f"the counters of {folder.path!r}"
        if db.engine.dialect.name != "sqlite":
            return  # there the search has an index of the database's own
        names = {
            (thing.id.hex, id.hex, thing.name_key, getattr(thing, "size", 0), thing.created_at)
            for thing, id in lines
        }
        found = {tuple(row) for row in db.session.execute(select(INDEXED))}
        assert found == names, "what can be searched is what is there"

    def _check_sums(self) -> None:
        for member in db.session.scalars(select(Member)):
            total = select(func.coalesce(func.sum(File.size), 0)).where(File.owner_id == member.id)
            earlier = select(func.coalesce(func.sum(Version.size), 0)).join(File)
            total = db.session.scalar(total) + db.session.scalar(
                earlier.where(File.owner_id == member.id)
            )
            posted = select(func.coalesce(func.sum(Blob.size), 0))
            total += db.session.scalar(posted.where(Blob.kept_for == member.id))
            assert member.used == total, f"{member.username}: used = Σ sizes, versions too"
            held = select(func.coalesce(func.sum(Upload.reserved), 0))
            held = held.where(Upload.owner_id == member.id)
            assert member.reserved == db.session.scalar(held), "reserved = Σ of open uploads"
            quota = self.app.config["QUOTA"] if member.quota is None else member.quota
            assert member.used + member.reserved <= quota, f"{member.username} is within the quota"


def _fresh(found: Any) -> Any:
    """As the database has it now: triggers tell nobody what they wrote."""
    return found.execution_options(populate_existing=True)


def _listed(model: Any, inside: Any) -> Any:
    return _fresh(select(model).where(inside.is_not(None), model.deleted_at.is_(None)))


@pytest.fixture(autouse=True)
def forms_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Werkzeug's client writes large forms to a temporary file that nobody closes."""
    in_memory = partial(werkzeug.test.stream_encode_multipart, use_tempfile=False)
    monkeypatch.setattr(werkzeug.test, "stream_encode_multipart", in_memory)


@pytest.fixture(autouse=True)
def books(app: Flask) -> Iterator[Books]:
    """Checked after each test."""
    books = Books(app)
    yield books
    if not books.closed:
        books.check()


@pytest.fixture
def used(app: Flask) -> Callable[[str], int]:
    """The bytes that a member has used."""

    def used(name: str) -> int:
        with app.app_context():
            return db.session.scalar(select(Member.used).where(Member.username == name)) or 0

    return used


def a_file(name: str, content: bytes = b"content") -> tuple[BytesIO, str]:
    """A file as a form sends it."""
    return BytesIO(content), name


def send(browser: Browser, *files: tuple[BytesIO, str], folder: str = "", **headers: Any) -> Page:
    """Choose ``files`` on the upload page, and press the button."""
    browser.visit("/upload")
    return browser.submit("upload", the_file=list(files), folder=folder, headers=headers)


def token(browser: Browser) -> str:
    """The CSRF token that scripts of this browser send."""
    return str(browser.visit("/help").html.select_one("meta[name=csrf-token]")["content"])


def names_on(page: Page) -> list[str]:
    """The files in a list, in its order."""
    rows = page.html.select("table.list tbody tr")
    return [
        " ".join(row.bdi.get_text().split())
        for row in rows
        if not row.select("use[href$='#folder']")
    ]


@pytest.fixture
def program(app: Flask, token: Callable[..., str]) -> Program:
    """Alice's, which may write."""
    return Program(app.test_client(use_cookies=False), token(scope="write"))


@pytest.fixture
def id(keep: Callable[..., str]) -> str:
    """A file of Alice's with two versions."""
    keep("alice", "a.txt", b"first")
    return keep("alice", "a.txt", b"second", on_conflict="version")


@pytest.fixture
def reports(app: Flask, keep: Callable[..., str]) -> None:
    """A folder of Alice's, with a folder and an empty one in it."""
    keep("alice", "a.txt", b"first", "Berichte 报告")
    keep("alice", "Ölbild 你.txt", b"second", "Berichte 报告/2026")
    keep("alice", "film.bin", bytes(600_000), "Berichte 报告/2026")
    keep("alice", "large.bin", bytes(3_000_000), "Berichte 报告/2026")
    gone = keep("alice", "gone.txt", b"x", "Berichte 报告/empty")
    thrown = keep("alice", "thrown.txt", b"x", "Berichte 报告/thrown away")
    keep("alice", "beside.txt", b"beside", "Berichte 报告 2")
    with app.test_request_context(), transaction():
        service.delete(db.session.get_one(File, UUID(gone)))
        file = db.session.get_one(File, UUID(thrown))
        folder = db.session.get_one(Folder, file.folder_id)
        folder.deleted_at, folder.deleted_with = datetime.now(UTC), folder.id
