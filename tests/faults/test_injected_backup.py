"""EIO and ENOSPC from the kernel in a backup: one sentence, nothing half, and the next is whole."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.faults.people import Member
from tests.faults.tracing import failing
from tests.serve.conftest import ROOT, Server, environment
from tests.serve.ledger import Ledger

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("server")]
LINES = """
import json, sys
from frontdesk import create_app
app = create_app()
for line in sys.stdin:
    done = app.test_cli_runner().invoke(args=json.loads(line))
    print(json.dumps([done.exit_code, done.output, repr(done.exception)]), flush=True)
"""
NEW, AGAIN = "x.tar", "b/"  # an archive, and one more backup in a folder that has some
ROWS = [
    (NEW, "fsync", "ENOSPC:when=1+", ""),
    (NEW, "fsync", "EIO:when=3", "the name of what is whole"),
    (NEW, "fdatasync", "EIO:when=1+", "the log takes no note of it either"),
    (NEW, "link", "EIO:when=1", ""),
    (NEW, "write", "ENOSPC:when=1", ""),
    (NEW, "pwrite64", "ENOSPC:when=1+", "the database's copy"),
    (AGAIN, "fsync", "EIO:when=1", "an object"),
    (AGAIN, "fsync", "ENOSPC:when=2", "its name"),
    (AGAIN, "renameat,renameat2", "EIO:when=1+", ""),
    (AGAIN, "write", "EIO:when=1", ""),
    (AGAIN, "write", "ENOSPC:when=2", ""),
    (AGAIN, "mkdirat", "ENOSPC:when=1+", ""),
]


@dataclass
class Shell:
    """A process that does one command of ours after the other, as whoever types them."""

    process: subprocess.Popen[str]

    def __call__(self, *words: str) -> tuple[int, str, str]:
        """How it ended, what it said, and what it raised."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        status, said, raised = json.loads(self.process.stdout.readline())
        return status, said, raised


@pytest.fixture(scope="module")
def shell(server: Server) -> Iterator[Shell]:
    with subprocess.Popen(
        [sys.executable, "-c", LINES], cwd=ROOT, env=environment(server.folder),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield Shell(process)
        assert process.stdin
        process.stdin.close()


@pytest.fixture(scope="module")
def member(server: Server, shell: Shell) -> Member:
    """Somebody with a file, of which there is a backup."""
    member = Member.at(server)
    member.keep("a.txt", b"content" * 10_000)
    assert shell("backup", str(server.folder / "b") + "/")[0] == 0
    return member


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def marked(row: tuple[str, str, str, str]) -> Any:
    """What only SQLite writes; on PostgreSQL the first write is of pg_dump or psycopg."""
    is_sqlites = row[1] in {"fdatasync", "pwrite64", "write"}
    marks = [pytest.mark.sqlite] if is_sqlites else []
    return pytest.param(row, id=" ".join(row[:3]), marks=marks)


@pytest.mark.parametrize("row", [marked(row) for row in ROWS])
def test_what_fails_is_said_and_the_next_backup_is_whole(
    row: tuple[str, str, str, str], server: Server, shell: Shell, member: Member, tmp_path: Path
) -> None:
    target, call, error, _ = row
    new = f"{len(list((server.folder / 'b').rglob('*')))}-{call}.txt"
    member.keep(new, new.encode() * 1_000)
    before, path = names(server.folder / "b"), f"{server.folder}/{target}"
    with failing(shell.process.pid, tmp_path / "strace", call, error):
        status, said, raised = shell("backup", path)
    assert (status, raised) == (1, "SystemExit(1)"), said
    assert said.startswith("Error: ") and said.count("\n") == 1, "one line says why"
    assert not Path(path).is_file(), "what looks like a backup is one"
    assert {name for name in names(server.folder / "b") - before if "objects/" not in name} == set()
    assert not list((server.folder / "instance").glob(".backup-*"))
    assert shell("restore", "--check", f"{server.folder}/b")[0] == 0, "those of before are whole"
    assert shell("backup", path)[0] == 0
    status, said, _ = shell("restore", "--check", path)
    assert (status, "All of it is as it was backed up" in said) == (0, True), said
    if target == NEW:
        Path(path).unlink()


def test_where_no_links_are_an_archive_is_made_too(
    server: Server, shell: Shell, member: Member, tmp_path: Path
) -> None:
    """A stick with exFAT says EPERM; what has its name already stays there, too."""
    path = server.folder / "stick.tar"
    with failing(shell.process.pid, tmp_path / "strace", "link", "EPERM:when=1"):
        status, said, _ = shell("backup", str(path))
    assert status == 0, said
    assert sorted(path.parent.glob("*stick*")) == [path], "no draft is left"
    assert path.stat().st_mode & 0o777 == 0o600
    assert shell("restore", "--check", str(path))[0] == 0
    assert shell("backup", str(path))[0] == 1


def test_old_ones_that_cannot_be_removed_are_said_and_the_new_one_counts(
    server: Server, shell: Shell, member: Member, tmp_path: Path
) -> None:
    folder = f"{server.folder}/b/"
    for _ in range(2):
        assert shell("backup", folder)[0] == 0
    with failing(shell.process.pid, tmp_path / "strace", "unlinkat", "EIO:when=1+"):
        status, said, _ = shell("backup", folder, "--keep", "1")
    assert status == 4 and "Older ones can't be removed: Input/output error." in said
    assert shell("restore", "--check", folder)[0] == 0
    assert shell("backup", folder, "--keep", "1")[0] == 0
    assert len(list(Path(folder, "snapshots").glob("*.jsonl"))) == 1


def test_the_site_is_what_it_was(server: Server, shell: Shell, member: Member) -> None:
    Ledger(server.folder).check()
    status, said, _ = shell("scrub", "--json")
    assert (status, json.loads(said)["findings"]) == (0, [])
