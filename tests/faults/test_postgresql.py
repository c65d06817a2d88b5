"""PostgreSQL is stopped, or stands still and keeps its connections: what people see, and after."""

from __future__ import annotations

import json
import random
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests import postgresql
from tests.cluster import Cluster
from tests.faults.conftest import ONE_WORKER
from tests.faults.people import Member
from tests.faults.test_database import is_busy
from tests.faults.test_power_cut import try_to
from tests.files import images
from tests.serve.answer import Answer
from tests.serve.conftest import Server, Visitor, add_member, start
from tests.serve.ledger import Ledger
from tests.serve.senders import Form, Put, Sender, Tus
from tests.serve.test_start_and_stop import within

pytestmark = [
    pytest.mark.server,
    pytest.mark.postgresql,
    pytest.mark.xdist_group("server"),
]
CRASHES = 3
CROWD = 80  # more than a worker has threads


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """One of our own, which keeps what it has acknowledged: the others' doesn't, to be quick."""
    folder = Path(tempfile.mkdtemp())
    cluster = Cluster(folder, synchronous_commit="on")
    cluster.make()
    cluster.start()
    yield cluster
    cluster.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def server(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One worker that does its own jobs, as in production."""
    folder = tmp_path_factory.mktemp("hung")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(postgresql.VARIABLE, cluster.url)
        add_member(folder)
        running = start(folder, *ONE_WORKER)
        yield running
        running.crash()


@contextmanager
def hanging(cluster: Cluster) -> Iterator[None]:
    cluster.hang()
    try:
        yield
    finally:
        cluster.go_on()


@contextmanager
def stopped(cluster: Cluster) -> Iterator[None]:
    cluster.stop()
    try:
        yield
    finally:
        cluster.start()


def at_once(doing: list[Callable[[], Answer]]) -> list[Answer]:
    answers: list[Answer] = []
    threads = [threading.Thread(target=lambda do=do: answers.append(do())) for do in doing]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def ready(alice: Member) -> bool:
    return alice.get("/health").status == 200


def goes_on(alice: Member, server: Server, workers: list[int]) -> None:
    """All is as before by itself, and nobody had to be replaced."""
    assert within(20, lambda: ready(alice))
    name = f"after-{time.monotonic_ns()}.txt"
    assert alice.form(name, b"new").status == 303
    assert alice.holds(name, b"new") and alice.holds("before.txt", b"content")
    assert server.workers == workers
    ledger, done = Ledger(server.folder), "select count(*) from jobs where state = 'done'"
    before = ledger.number(done)
    alice.keep(f"{name}.png", images.drawn())
    assert within(20, lambda: ledger.number(done) > before), "a thumbnail is made"
    ledger.check()


def test_a_server_that_was_stopped_and_started_is_found_again(
    alice: Member, cluster: Cluster, server: Server
) -> None:
    alice.keep("before.txt", b"content")
    workers = server.workers
    with stopped(cluster):
        assert alice.get("/ak").status == 200
        assert json.loads(alice.get("/health").body)["database"] == "failing"
        assert is_busy(alice.get("/path/"))
        assert is_busy(alice.form("stopped.txt", b"new"))
    goes_on(alice, server, workers)
    assert not alice.holds("stopped.txt", b"")


def test_one_that_crashes_under_load_takes_back_nothing_that_was_acknowledged(
    alice: Member, cluster: Cluster, server: Server
) -> None:
    alice.keep("before.txt", b"content")
    workers, chance = server.workers, random.Random(2026)
    told = 0
    for number in range(CRASHES):
        crowd = senders(alice, chance, number)
        threads = [threading.Thread(target=try_to, args=[one]) for one in crowd]
        for thread in threads:
            thread.start()
        time.sleep(0.1 + chance.random() * 0.4)
        cluster.crash()
        for thread in threads:
            thread.join()
        cluster.start()
        for one in crowd:
            one.look()
            told += one.done
    goes_on(alice, server, workers)
    assert told, "else this proves nothing"


def senders(alice: Member, chance: random.Random, number: int) -> list[Sender]:
    def facts(name: str) -> tuple[Visitor, str, str, bytes]:
        device = Visitor(alice.visitor.port, dict(alice.visitor.cookies))
        data = chance.randbytes(chance.randrange(1, 1_000_000))
        return device, alice.csrf, f"{name}-{number}.bin", data

    return [
        *(Form(*facts(f"form{n}")) for n in range(4)),
        *(Put(*facts(f"put{n}"), secret=alice.secret) for n in range(4)),
        *(Tus(*facts(f"tus{n}"), step=100_000) for n in range(4)),
    ]


def test_one_that_hangs_is_waited_for_by_nobody_for_long(
    alice: Member, cluster: Cluster, server: Server
) -> None:
    """A crowd that is larger than the threads: once it is known, one at a time finds out more."""
    alice.keep("before.txt", b"content")
    workers = server.workers
    reads = [lambda: Visitor(server.port, alice.visitor.cookies).ask("GET", "/path/")] * CROWD
    writes: list[Callable[[], Answer]] = [
        lambda: alice.form("hung.txt", b"new"),
        lambda: alice.put("hung.txt", b"new"),
        lambda: alice.begin("hung.txt", 3),
    ]
    with hanging(cluster):
        assert alice.get("/ak").status == 200
        assert within(10, lambda: not ready(alice))
        assert json.loads(alice.get("/health").body)["database"] == "failing"
        answers = at_once([*reads, *writes])
        assert [is_busy(answer) for answer in answers] == [True] * (CROWD + 3)
        assert alice.get("/ak").status == 200
    goes_on(alice, server, workers)
    assert not alice.holds("hung.txt", b"")
    assert not list((server.folder / "instance/files/staging").iterdir())
