"""Who waits for PostgreSQL waits for so long, and the statement it gave up goes no further."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError
from tests import postgresql
from tests.serve.test_start_and_stop import within

from frontdesk import patience
from frontdesk.access import public
from frontdesk.db import db, transaction

pytestmark = pytest.mark.postgresql
LONG, FOR_EVER = text("SELECT pg_sleep(0.5)"), text("SELECT pg_sleep(3600)")
RUNNING = text("SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(3600)'")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "REPLY", 0.2)


def test_a_request_waits_no_longer_and_ends_what_it_waited_for(app: Flask, impatient: None) -> None:
    with app.test_request_context():
        with pytest.raises(OperationalError):
            db.session.execute(FOR_EVER)
        db.session.rollback()
        assert within(5, lambda: db.session.scalar(RUNNING) == 0)


def test_a_verb_that_is_not_answered_is_not_done(app: Flask, impatient: None) -> None:
    with app.test_request_context():
        with pytest.raises(OperationalError), transaction() as session:
            session.execute(text("UPDATE members SET about = 'x'"))
            session.execute(FOR_EVER)
        assert not db.session.scalar(text("SELECT count(*) FROM members WHERE about = 'x'"))
        with transaction() as session:  # and nobody holds the lock
            session.execute(text("SELECT 1"))


def test_the_page_says_so(app: Flask, impatient: None) -> None:
    app.add_url_rule("/slow", "slow", public(lambda: str(db.session.scalar(FOR_EVER))))
    answer = app.test_client().get("/slow")
    assert answer.status_code == 503
    assert "Nothing was changed. Try again in a minute." in answer.text


SLOW_COMMIT = """
    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN PERFORM pg_sleep(3600); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON members
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow();
"""


@public
def change_all() -> str:
    with transaction() as session:
        session.execute(text("UPDATE members SET about = 'x'"))
    return "done"


def test_who_was_lost_in_the_middle_of_a_commit_is_told_to_look(
    app: Flask, impatient: None
) -> None:
    """A server that hangs then may write it when it goes on."""
    app.add_url_rule("/change", "change", change_all)
    with app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql(SLOW_COMMIT)
    answer = app.test_client().get("/change")
    assert answer.status_code == 503 and answer.headers["Retry-After"]
    assert "It may have been saved, or not. Look" in answer.text
    assert "Nothing was changed" not in answer.text
    said = app.test_client().get("/change", headers={"Accept": "application/json"}).json
    assert said["detail"] == "It may have been saved, or not. Look before you try again."


def test_what_serves_nobody_takes_its_time(app: Flask, impatient: None) -> None:
    with app.app_context():
        db.session.execute(LONG)


@pytest.fixture
def silent() -> Iterator[dict[str, object]]:
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        host, port = listening.getsockname()
        yield {"host": host, "port": port, "connect_timeout": 2}


def test_others_are_refused_at_once_while_one_finds_out(
    tmp_path: Path, silent: dict[str, object]
) -> None:
    door, said = patience.Door(), list[str]()

    def ask() -> None:
        with pytest.raises(psycopg.OperationalError) as no:
            door.connect(None, None, [], silent)
        said.append(str(no.value))

    ask()
    assert door.hangs and "timeout" in said[0]
    asking = threading.Thread(target=ask)
    asking.start()
    assert within(2, door._asking.locked)
    ask()
    asking.join()
    assert "a moment ago" in said[1] and "timeout" in said[2]
    url = make_url(postgresql.url_of(tmp_path)).set(drivername="postgresql")
    door.connect(None, None, [url.render_as_string(hide_password=False)], {}).close()
    assert not door.hangs, "it is there again, for all"


@pytest.fixture
def by_tcp(tmp_path: Path) -> Iterator[str]:
    """The tests' server, as from another machine."""
    url = make_url(postgresql.url_of(tmp_path)).set(drivername="postgresql")
    if "host" not in url.query:  # TEST_DATABASE_URL names one that is
        yield url.render_as_string(hide_password=False)
        return
    socket_of = next(Path(str(url.query["host"])).glob(".s.PGSQL.*[0-9]"))
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket(socket.AF_UNIX) as to:

        def forward() -> None:
            with listening.accept()[0] as visitor:
                to.connect(str(socket_of))
                back = threading.Thread(target=pass_on, args=[to, visitor])
                back.start()
                pass_on(visitor, to)
                back.join()

        thread = threading.Thread(target=forward)
        thread.start()
        port = listening.getsockname()[1]
        yield f"postgresql://{url.username}@127.0.0.1:{port}/{url.database}"
        thread.join()


def pass_on(a: socket.socket, b: socket.socket) -> None:
    while data := a.recv(65536):
        b.sendall(data)
    b.shutdown(socket.SHUT_WR)


def test_a_machine_that_went_without_a_word_is_noticed_by_its_silence(by_tcp: str) -> None:
    """Where no visitor waits: TCP itself asks, and gives up within a minute, not two hours."""
    connection = patience.Door().connect(None, None, [by_tcp], patience.WORDS)
    with socket.socket(fileno=os.dup(connection.fileno())) as used:
        assert used.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000
        assert used.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        asks = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        assert [used.getsockopt(socket.IPPROTO_TCP, one) for one in asks] == [30, 10, 3]
    assert connection.execute("SELECT 1").fetchone() == (1,)
    connection.close()
