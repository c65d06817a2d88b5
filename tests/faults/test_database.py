"""The database is locked, gone or damaged: what people see, and that it mends itself."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, NullPool, create_engine, make_url
from tests import postgresql
from tests.faults.conftest import ONE_WORKER
from tests.faults.people import Member
from tests.serve.answer import Answer
from tests.serve.conftest import PASSWORD, Server, Visitor, start
from tests.serve.test_start_and_stop import within

from frontdesk.db import LOCK

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("server")]
BUSY = "Nothing was changed. Try again in a minute."


def is_busy(answer: Answer) -> bool:
    """Whether it says so as a page does, and when to come back."""
    assert answer.headers["Retry-After"] == "60"
    assert BUSY in answer.body.decode()
    assert b"Traceback" not in answer.body
    return answer.status == 503


def log_in(visitor: Visitor, answers: list[Answer]) -> None:
    answers.append(visitor.submit("/login", "login", username="alice", password=PASSWORD))


@contextmanager
def locked(instance: Path) -> Iterator[None]:
    """Another process writes, and does not end."""
    if postgresql.is_used():
        with create_engine(postgresql.url_of(instance), poolclass=NullPool).begin() as other:
            other.execute(LOCK)
            yield
        return
    with closing(sqlite3.connect(instance / "frontdesk.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield


@contextmanager
def renamed(instance: Path) -> Iterator[None]:
    """The same in PostgreSQL: whoever is connected is cut off, and finds no database."""
    url = make_url(postgresql.url_of(instance))
    server = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    cut_off = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'"

    def rename(old: str, new: str) -> None:
        with server.connect() as other:
            other.exec_driver_sql(f"ALTER DATABASE {old} ALLOW_CONNECTIONS false")
            other.exec_driver_sql(cut_off.format(old))
            assert within(10, lambda: not connected(other, old))
            other.exec_driver_sql(f"ALTER DATABASE {old} RENAME TO {new}")
            other.exec_driver_sql(f"ALTER DATABASE {new} ALLOW_CONNECTIONS true")

    def connected(other: Connection, name: str) -> bool:
        found = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'"
        return bool(other.exec_driver_sql(found).scalar())

    rename(str(url.database), f"{url.database}_away")
    try:
        yield
    finally:
        rename(f"{url.database}_away", str(url.database))
        server.dispose()


@contextmanager
def moved_away(instance: Path) -> Iterator[Path]:
    """Somebody renames the database, and later takes that back; where it should be.

    With what SQLite keeps beside it: else that would be taken for a part of what comes instead.
    """
    if postgresql.is_used():
        with renamed(instance):
            yield instance / "frontdesk.db"
        return
    names = ["frontdesk.db", "frontdesk.db-wal", "frontdesk.db-shm"]
    elsewhere = instance.parent / "elsewhere"
    elsewhere.mkdir()
    for name in names:
        (instance / name).rename(elsewhere / name)
    try:
        yield instance / names[0]
    finally:
        for path in instance.glob("frontdesk.db*"):
            path.rmdir() if path.is_dir() else path.unlink()
        for path in elsewhere.iterdir():
            path.rename(instance / path.name)
        elsewhere.rmdir()


def test_while_another_writes_one_can_read_and_writers_are_told_to_wait(
    alice: Member, instance: Path, server: Server
) -> None:
    id, answers = alice.keep("a.txt", b"content"), list[Answer]()
    writers: list[Callable[[], Answer]] = [
        lambda: alice.form("form.txt", b"new"),
        lambda: alice.put("put.txt", b"new"),
        lambda: alice.begin("tus.txt", 3),
        lambda: alice.change(id, "delete"),
    ]
    threads = [threading.Thread(target=lambda do=do: answers.append(do())) for do in writers]
    threads.append(threading.Thread(target=log_in, args=[Visitor(server.port), answers]))
    with locked(instance):
        for thread in threads:
            thread.start()
        assert alice.holds("a.txt", b"content")
        assert alice.get("/path/").title == "Files"
        for thread in threads:
            thread.join()
    print(
        [(a.status, a.headers["Content-Type"]) for a in answers],
        (server.folder / "stderr").read_text()[-9000:],
        server.said[-9000:],
    )
    assert [is_busy(answer) for answer in answers] == [True] * 5
    assert not list((instance / "files/staging").iterdir()), "bytes that nobody has"
    assert [alice.holds(f"{name}.txt", b"") for name in ("form", "put", "tus")] == [False] * 3
    assert alice.form("form.txt", b"new").status == 303, "it is as before by itself"


@pytest.mark.parametrize(
    "instead",
    [
        pytest.param(None, id="gone"),
        pytest.param("folder", id="a folder in its place", marks=pytest.mark.sqlite),
    ],
)
def test_a_database_that_is_gone_is_never_made_anew(
    alice: Member, instance: Path, instead: str | None
) -> None:
    name = f"{instead}.txt"
    alice.keep(name, b"content")
    with moved_away(instance) as path:
        if instead:
            path.mkdir()
        assert alice.get("/ak").status == 200
        for answer in (alice.get("/path/"), alice.get("/login"), alice.get(f"/path/{name}")):
            assert is_busy(answer)
        assert is_busy(alice.form("b.txt", b"new"))
        assert is_busy(alice.put("b.txt", b"new"))
        assert is_busy(alice.begin("b.txt", 3))
        assert not path.is_file(), "an empty database"
    assert alice.holds(name, b"content")
    assert not alice.holds("b.txt", b"")
    assert alice.form(f"new {name}", b"new").status == 303


@pytest.mark.sqlite
def test_nothing_is_written_to_a_database_that_was_replaced(alice: Member, instance: Path) -> None:
    """As by `mv` while the server runs: what is open is a file that nobody will ever see."""
    path = instance / "frontdesk.db"
    with closing(sqlite3.connect(path)) as other, closing(sqlite3.connect(instance / "b")) as copy:
        other.backup(copy)
    with moved_away(instance):
        (instance / "b").rename(path)
        assert alice.form("replaced.txt", b"new").status == 303
        with closing(sqlite3.connect(path)) as other:
            asked = "select count(*) from files where name = 'replaced.txt'"
            assert other.execute(asked).fetchone() == (1,)
    assert not alice.holds("replaced.txt", b"")


@pytest.mark.sqlite
def test_a_damaged_database_is_refused_in_words(
    tmp_path: Path, alice: Member, instance: Path
) -> None:
    alice.keep("damaged.txt", b"content")
    with moved_away(instance) as path:
        path.write_bytes(b"no database at all. " * 1000)
        assert is_busy(alice.get("/path/"))
        assert is_busy(alice.form("b.txt", b"new"))
        shutil.copytree(instance, tmp_path / "instance")
    assert alice.holds("damaged.txt", b"content")
    with pytest.raises(AssertionError, match="newest backup if it is damaged") as refused:
        start(tmp_path, *ONE_WORKER)
    assert "Traceback" not in str(refused.value)


@pytest.mark.sqlite
@pytest.mark.parametrize("left", [None, b""], ids=["gone", "empty"])
def test_a_site_does_not_start_without_the_database_of_its_files(
    tmp_path: Path, alice: Member, instance: Path, left: bytes | None
) -> None:
    alice.form("orphan.txt", b"content")
    ignored = shutil.ignore_patterns("frontdesk.db*")
    shutil.copytree(instance, tmp_path / "instance", ignore=ignored)
    path = tmp_path / "instance/frontdesk.db"
    if left is not None:
        path.write_bytes(left)
    with pytest.raises(AssertionError, match="is not there, but the files of file:files are"):
        start(tmp_path, *ONE_WORKER)
    assert not path.exists() or not path.stat().st_size
