"""strace lets system calls of a process fail."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.serve.test_start_and_stop import within


def strace(pid: int, said: Path, call: str, error: str) -> subprocess.Popen[bytes]:
    if not shutil.which("strace"):
        pytest.skip("strace is missing (try: sudo apt-get install strace)")
    words = ["strace", "-f", "-o", str(said), "-e", f"trace={call}"]
    words += ["-e", f"inject={call}:error={error}", "-p", str(pid)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if not within(10, lambda: process.poll() is not None or is_traced(pid)):
        process.terminate()
    if process.poll() is not None:
        pytest.skip(f"strace may not trace here: {process.communicate()[1].decode()[-300:]}")
    return process


def is_traced(pid: int) -> bool:
    """Whether all of a process's threads are."""
    told = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/status")]
    return all("TracerPid:\t0\n" not in one for one in told)


@contextmanager
def failing(pid: int, said: Path, call: str, error: str) -> Iterator[None]:
    """Meanwhile that system call fails; at least once, or the test fails."""
    process = strace(pid, said, call, error)
    try:
        yield
    finally:
        process.terminate()
        process.communicate(timeout=10)
    assert "(INJECTED)" in said.read_text(), f"no {call} was made"
