"""watching/ledger.py - numbers that many processes count, exactly, whatever ends them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from frontdesk.watching.ledger import Ledger, read

ROOT = Path(__file__).parents[2]
COUNT = """
import sys
from pathlib import Path
from threading import Thread
from frontdesk.watching.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
def count():
    for _ in range(500):
        ledger.add(("thing", sys.argv[2]), 2, [(0, 1), (1, 0.5)])
threads = [Thread(target=count) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print("counted", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def counting(tmp_path: Path) -> Callable[[str], subprocess.Popen[str]]:
    """A process that has counted two thousand times, and stays."""

    def counting(label: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", COUNT, str(tmp_path / "counts"), label],
            cwd=ROOT, env=os.environ | {"PYTHONPATH": "site"}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout and process.stdout.readline() == "counted\n"
        return process

    return counting


def end(*processes: subprocess.Popen[str], how: signal.Signals = signal.SIGKILL) -> None:
    for process in processes:
        process.send_signal(how)
        process.communicate()


def test_processes_count_together_and_outlive_a_kill(
    tmp_path: Path, counting: Callable[[str], subprocess.Popen[str]]
) -> None:
    here = Ledger(tmp_path / "counts")
    here.add(("thing", "a"), 2, [(0, 1)])
    first, second = counting("a"), counting("b")
    expected = {("thing", "a"): [2001.0, 1000.0], ("thing", "b"): [2000.0, 1000.0]}
    assert here.totals() == expected
    assert len(list((tmp_path / "counts").glob("*.counts"))) == 3
    end(first)
    assert without_marks(here) == expected
    end(second)
    assert without_marks(here) == without_marks(here) == expected
    assert len(list((tmp_path / "counts").glob("*.counts"))) == 2, "one of ours, one of the past"
    assert without_marks(Ledger(tmp_path / "counts")) == expected


def without_marks(ledger: Ledger) -> dict[tuple[str, ...], list[float]]:
    return {key: values for key, values in ledger.totals().items() if key[0] != "folded"}


def test_a_fold_that_was_killed_midway_counts_nothing_twice(
    tmp_path: Path, counting: Callable[[str], subprocess.Popen[str]]
) -> None:
    end(counting("a"))
    folder = tmp_path / "counts"
    (left,) = folder.glob("*.counts")
    content = left.read_bytes()
    ledger = Ledger(folder)
    ledger.totals()
    assert not left.exists()
    left.write_bytes(content)  # as if it had been killed before it removed this
    assert without_marks(ledger) == {("thing", "a"): [2000.0, 1000.0]}
    assert not left.exists()


def test_a_forked_child_counts_for_itself(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.add(("x",), 1, [(0, 1)])
    child = os.fork()
    if not child:
        ledger.add(("x",), 1, [(0, 1)])
        os._exit(0)
    os.waitpid(child, 0)
    ledger.add(("x",), 1, [(0, 1)])
    assert ledger.totals()[("x",)] == [3.0]


def test_a_record_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.add(("whole",), 1, [(0, 1)])
    ledger.add(("cut",), 1, [(0, 1)])
    (path,) = tmp_path.glob("*.counts")
    torn = tmp_path / "torn"
    torn.write_bytes(path.read_bytes()[:-3])
    assert read(torn) == {("whole",): [1.0]}


def test_where_nothing_can_be_written_this_process_counts_alone(tmp_path: Path) -> None:
    (tmp_path / "counts").touch()
    ledger = Ledger(tmp_path / "counts")
    ledger.add(("x",), 1, [(0, 2)])
    assert ledger.totals() == {("x",): [2.0]}


def test_nobody_else_reads_them(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "counts")
    ledger.add(("x",), 1, [(0, 2)])
    assert (tmp_path / "counts").stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in (tmp_path / "counts").iterdir())
