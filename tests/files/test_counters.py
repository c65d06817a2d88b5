"""Counters and the search's index: kept by the database itself, whatever is done to files.

conftest.py compares them with what is there after every test of this folder.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import delete, select, text, update
from tests.files.conftest import Books

from frontdesk.db import db, now
from frontdesk.files.models import File, Folder

Keep = Callable[..., str]


def counters(path: str) -> tuple[int, int, int]:
    """Files, folders and bytes of Alice's folder, as they are kept."""
    columns = Folder.files_in, Folder.folders_in, Folder.bytes_in
    return tuple(db.session.execute(select(*columns).where(Folder.path == path)).one())  # type: ignore[return-value]


@pytest.fixture
def filled(app: Flask, keep: Keep, books: Books) -> None:
    keep("alice", "a.txt", b"123", "in")
    keep("alice", "b.txt", b"4567", "in")
    keep("alice", "c.txt", b"8", "in/deep")
    books.closed = "rows are changed here without their verbs, so used space is not right"


def test_files_folders_and_bytes_are_counted(app: Flask, filled: None) -> None:
    with app.app_context():
        assert counters("in") == (2, 1, 7)
        assert counters("in/deep") == (1, 0, 1)
        assert counters("") == (0, 1, 0)


@pytest.mark.parametrize(
    ("change", "now_in", "now_deep"),
    [
        (update(File).where(File.name == "a.txt").values(deleted_at=now()), (1, 1, 4), (1, 0, 1)),
        (update(File).where(File.name == "a.txt").values(size=10), (2, 1, 14), (1, 0, 1)),
        (update(File).where(File.name == "a.txt").values(
            folder_id=select(Folder.id).where(Folder.name == "deep").scalar_subquery()),
         (1, 1, 4), (2, 0, 4)),
        (delete(File).where(File.name == "b.txt"), (1, 1, 3), (1, 0, 1)),
        (update(Folder).where(Folder.name == "deep").values(deleted_at=now()),
         (2, 0, 7), (1, 0, 1)),
        (update(Folder).where(Folder.name == "deep").values(
            parent_id=select(Folder.id).where(Folder.path == "").scalar_subquery()),
         (2, 0, 7), (1, 0, 1)),
        (update(File).values(name_key="renamed " + File.name_key), (2, 1, 7), (1, 0, 1)),
    ],
)  # fmt: skip
def test_they_follow_each_change_and_back(
    app: Flask, filled: None, books: Books, change: object, now_in: object, now_deep: object
) -> None:
    with app.app_context():
        db.session.execute(change)  # type: ignore[call-overload]
        db.session.commit()
        assert (counters("in"), counters("in/deep")) == (now_in, now_deep)
        books.check_lists()
        db.session.execute(update(File).values(deleted_at=None))
        db.session.execute(update(Folder).values(deleted_at=None))
        db.session.commit()
        books.check_lists()


def test_a_folder_that_goes_takes_all_along(app: Flask, filled: None, books: Books) -> None:
    with app.app_context():
        db.session.execute(delete(Folder).where(Folder.name == "in"))
        db.session.commit()
        assert counters("") == (0, 0, 0)
        books.check_lists()
        if db.engine.dialect.name == "sqlite":
            assert not db.session.scalar(text("SELECT count(*) FROM search_names"))


@pytest.mark.sqlite
def test_a_member_who_goes_takes_all_along(app: Flask, filled: None, books: Books) -> None:
    with app.app_context():
        db.session.execute(text("DELETE FROM members WHERE username = 'alice'"))
        db.session.commit()
        for table in ("search_names", "search_owners"):
            rows = f"SELECT count(*) FROM {table} JOIN members ON members.username = 'alice'"
            assert not db.session.scalar(text(rows))


def test_a_wrong_counter_is_seen(app: Flask, filled: None, books: Books) -> None:
    """The comparison itself can fail."""
    with app.app_context():
        db.session.execute(update(Folder).values(files_in=7))
        db.session.commit()
        with pytest.raises(AssertionError, match="counters"):
            books.check_lists()
