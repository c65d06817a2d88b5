"""The disk of a whole site is full to the last byte: writes are told 507, all else goes on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests import postgresql
from tests.faults.conftest import ONE_WORKER
from tests.faults.people import Member
from tests.serve.answer import Answer
from tests.serve.conftest import PASSWORD, Server, Visitor, add_member, start
from tests.serve.ledger import Ledger

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("server")]
SIZE = 24_000_000
DATA = b"content of a file, " * 10_000
FULL = re.compile(r"disk (of this site )?is full, so|no space left for this file")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small disk, on which the log lies, too."""
    folder = tmp_path_factory.mktemp("full")
    words = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    mounted = subprocess.run(words, capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here (root can): {mounted.stderr.decode()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """As it comes: MIN_FREE_SPACE is a quarter of such a disk."""
    add_member(folder)
    running = start(folder, *ONE_WORKER, JOBS="worker", MIN_FREE_SPACE=1_000_000_000)
    yield running
    if running.process.poll() is None:
        running.crash()


@contextmanager
def full(folder: Path, name: str = "somebody else's") -> Iterator[None]:
    """Somebody else fills it, to the last byte."""
    path = folder / name
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue
    assert not os.statvfs(folder).f_bavail
    try:
        yield
    finally:
        path.unlink()


def forget(server: Server) -> None:
    """It ends, and what a site makes by itself is to be made again."""
    if server.process.poll() is None:
        server.crash()
    for name in ("templates", "assets", "translations"):
        shutil.rmtree(server.folder / "instance" / name, ignore_errors=True)


@contextmanager
def anew(server: Server) -> Iterator[Server]:
    """Another server of that site."""
    forget(server)
    again = start(server.folder, *ONE_WORKER, JOBS="worker", MIN_FREE_SPACE=1_000_000_000)
    try:
        yield again
    finally:
        if again.process.poll() is None:
            again.crash()


def is_full(answer: Answer) -> bool:
    """Whether it says what is wrong, and what to do."""
    assert b"Traceback" not in answer.body
    assert FULL.search(answer.body.decode()), answer.body
    assert "sk the administrator" in answer.body.decode(), answer.body
    return answer.status == 507


def test_writes_are_told_and_reads_and_log_ins_go_on(
    alice: Member, folder: Path, server: Server
) -> None:
    id = alice.keep("a.txt", DATA)
    with full(folder):
        assert is_full(alice.form("form.txt", DATA))
        assert is_full(alice.form("form.txt", DATA, "application/json"))
        assert is_full(alice.put("put.txt", DATA))
        assert is_full(alice.begin("tus.txt", len(DATA)))
        for page, title in (("/path/", "Files"), ("/bin", "Bin"), ("/profile", "Profile")):
            assert alice.get(page).title == title
        assert alice.holds("a.txt", DATA)
        part = alice.get("/path/a.txt?download=1", Range="bytes=5-9")
        assert (part.status, part.body) == (206, DATA[5:10])
        assert alice.get("/ak").status == 200
        health = alice.get("/health")
        assert health.status == 503
        assert b"no room" in health.body
        for _ in range(5):
            Visitor(server.port).log_in()
        assert alice.change(id, "delete").status == 303, "that is how one makes room"
    assert [alice.holds(f"{name}.txt", b"") for name in ("form", "put", "tus")] == [False] * 3
    assert alice.change(id, "undo").status == 303
    assert alice.form("form.txt", DATA).status == 303, "it is as before by itself"
    Ledger(server.folder).check()


def test_an_upload_that_was_cut_in_the_middle_goes_on_when_there_is_room(
    alice: Member, folder: Path
) -> None:
    address = alice.begin("middle.txt", len(DATA)).headers["Location"]
    middle = len(DATA) // 2
    assert alice.patch(address, 0, DATA[:middle]).status == 204
    with full(folder):
        assert is_full(alice.patch(address, middle, DATA[middle:]))
        assert alice.offset(address) == middle
    alice.resume(address, DATA)
    assert alice.holds("middle.txt", DATA)


def test_who_is_logged_in_first_of_all_finds_the_site_open(folder: Path, server: Server) -> None:
    """Nobody's connection or page was needed before."""
    with anew(server) as again, full(folder):
        visitor = Visitor(again.port)
        wrong = visitor.submit("/login", "login", username="alice", password=PASSWORD[1:])
        assert wrong.status == 422
        visitor.log_in()
        assert visitor.ask("GET", "/path/").title == "Files"
        assert visitor.submit("/logout", "logout").status == 303


@pytest.mark.sqlite
def test_whoever_eats_the_ballast_too_leaves_pages_that_say_so(
    folder: Path, server: Server
) -> None:
    """Nothing at all can be written: there is an answer to each request, with words of ours."""
    with anew(server) as again, full(folder):
        (folder / "instance/ballast").unlink(missing_ok=True)
        visitor = Visitor(again.port)
        with full(folder, "more"):
            for page in ("/", "/help", "/login", "/path/", "/nowhere"):
                answer = visitor.ask("GET", page)
                assert answer.status in {200, 401, 404} or is_full(answer)
                assert answer.title
            assert is_full(visitor.submit("/login", "login", username="alice", password=PASSWORD))
            assert visitor.ask("GET", "/ak").status == 200
            assert visitor.ask("GET", "/health").status == 503
            again.crash()
            with pytest.raises(AssertionError, match=r"disk .* is full, .* Make room there"):
                start(server.folder, *ONE_WORKER)


def test_a_site_starts_on_a_full_disk(folder: Path, server: Server) -> None:
    with anew(server) as before:
        Visitor(before.port).log_in()  # a verb with room: the ballast lies there again
        assert postgresql.is_used() or (server.folder / "instance/ballast").exists()
    forget(server)
    with full(folder), anew(server) as again:
        visitor = Visitor(again.port)
        login = visitor.ask("GET", "/login")
        assert login.status == 200
        for link in login.html.select("link[rel=stylesheet]"):
            assert visitor.ask("GET", str(link["href"]), Accept_Encoding="br").status == 200
        visitor.log_in()
        assert visitor.ask("GET", "/path/").title == "Files"
