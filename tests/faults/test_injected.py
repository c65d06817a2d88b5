"""EIO and ENOSPC from the kernel, at each step of what is kept and removed: said, and not lost.

strace lets the system calls of the real server's worker fail. Each row must have met one: a row
in which nothing was injected proves nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.faults.people import Member
from tests.faults.tracing import failing, is_traced
from tests.serve.answer import Answer
from tests.serve.conftest import Server, command
from tests.serve.ledger import Ledger

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("server")]
DATA = b"content of a file, " * 10_000
RENAME = "rename,renameat,renameat2"
WAYS = {
    "form": ["fdatasync", "fsync", RENAME, "pwrite64"],
    "put": ["fdatasync", "fsync", RENAME, "pwrite64"],
    "begin": ["fdatasync", "fsync", RENAME],
    "piece": ["fdatasync", "pwrite64"],
    "last": ["fdatasync", "fsync", RENAME, "pwrite64"],
    "delete": ["fdatasync"],
    "undo": ["fdatasync"],
    "remove": ["fdatasync"],
}
ROWS = [
    (way, call, error)
    for way, calls in WAYS.items()
    for call in calls
    for error in ("EIO", "ENOSPC")
]
# Only one call of each thread fails: the second sync of a request is another than the first.
SINGLE = [(way, "fdatasync", f"EIO:when={n}") for way in ("form", "put", "last") for n in (1, 2)]


def worker_of(server: Server) -> int:
    (worker,) = server.workers
    return worker


def is_said(answer: Answer) -> bool:
    """Whether it is a no with a sentence, and no trace of ours."""
    assert answer.status in {500, 503, 507}, answer
    assert b"Traceback" not in answer.body
    if "json" in answer.headers["Content-Type"]:
        assert json.loads(answer.body)["detail"].endswith("."), answer.body
    else:
        assert answer.title
    return True


@pytest.fixture(scope="module", autouse=True)
def proven(server: Server) -> Iterator[None]:
    """After all rows: every byte and every book is right."""
    yield
    Ledger(server.folder).check()
    assert json.loads(command(server.folder, "scrub", "--json"))["findings"] == []


def row_id(row: tuple[str, str, str]) -> str:
    return " ".join(row).replace(RENAME, "rename")


def marked(row: tuple[str, str, str]) -> Any:
    """The row for pytest; what only SQLite syncs, PostgreSQL does in another process."""
    way, call, error = row
    is_sqlites = way in {"begin", "delete", "undo", "remove"} and call == "fdatasync"
    is_sqlites = is_sqlites or (way != "last" and error == "EIO:when=2")
    marks = [pytest.mark.sqlite] if is_sqlites else []
    return pytest.param(row, id=row_id(row), marks=marks)


@pytest.mark.parametrize("row", [marked(row) for row in (*ROWS, *SINGLE)])
def test_what_fails_is_said_and_can_be_done_again(
    row: tuple[str, str, str], server: Server, tmp_path: Path, member: Member
) -> None:
    way, call, error = row
    said, name = tmp_path / "strace", row_id(row).replace(" ", "-").replace(":", "-") + ".txt"
    if way in {"form", "put"}:
        send = member.form if way == "form" else member.put
        with failing(worker_of(server), said, call, error):
            answer = send(name, DATA)
        assert is_said(answer)
        assert not member.holds(name, DATA), "who was told no has it"
        assert send(name, DATA).status in {201, 303}
        assert member.holds(name, DATA)
    elif way in {"begin", "piece", "last"}:
        pieces(way, name, failing(worker_of(server), said, call, error), member)
    else:
        bin(way, name, failing(worker_of(server), said, call, error), member)


def pieces(way: str, name: str, fails: object, member: Member) -> None:
    """Whatever went wrong, HEAD tells the truth, and the upload goes on from there."""
    middle = len(DATA) // 2
    if way == "begin":
        with fails:  # type: ignore[attr-defined]
            assert is_said(member.begin(name, len(DATA)))
    address = member.begin(name, len(DATA)).headers["Location"]
    if way == "last":
        assert member.patch(address, 0, DATA[:middle]).status == 204
    at = middle if way == "last" else 0
    until = middle if way == "piece" else len(DATA)
    if way != "begin":
        with fails:  # type: ignore[attr-defined]
            assert is_said(member.patch(address, at, DATA[at:until]))
    member.resume(address, DATA)
    assert member.holds(name, DATA)


def bin(way: str, name: str, fails: object, member: Member) -> None:
    """A file is where it was, and goes or comes at the next try."""
    id = member.keep(name, DATA)
    if way != "delete":
        assert member.change(id, "delete").status == 303
    with fails:  # type: ignore[attr-defined]
        assert is_said(member.change(id, way))
    assert member.holds(name, DATA) == (way == "delete")
    assert member.change(id, way).status == 303
    assert member.holds(name, DATA) == (way == "undo")


@pytest.fixture(scope="module")
def member(server: Server) -> Member:
    return Member.at(server)


def test_strace_is_gone(server: Server) -> None:
    """What the rows left runs as before, untraced."""
    assert not is_traced(worker_of(server))
    assert os.kill(worker_of(server), 0) is None
