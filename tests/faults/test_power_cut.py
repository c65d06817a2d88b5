"""The power goes while files come in every way: what was acknowledged is there, byte for byte.

`POWER_LOOPS=100 pytest tests/faults/test_power_cut.py` for more than the few of a normal run.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.faults.conftest import ONE_WORKER
from tests.serve.conftest import ROOT, Visitor, add_member, command, start
from tests.serve.ledger import Ledger
from tests.serve.senders import Form, Program, Put, Sender, Tus
from tests.serve.test_start_and_stop import within

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("server")]
LOOPS = int(os.environ.get("POWER_LOOPS", "3"))
PATIENCE = 20


class Disk:
    """A lossy one, on which the whole instance folder lies."""

    def __init__(self, folder: Path) -> None:
        self.mount, self.state, self.said = folder / "instance", folder / "state", folder / "fuse"
        self.mount.mkdir()
        self.process: subprocess.Popen[bytes] | None = None

    def plug_in(self) -> None:
        words = [sys.executable, "tests/faults/lossy.py", str(self.mount), str(self.state)]
        with self.said.open("ab") as said:
            self.process = subprocess.Popen(words, cwd=ROOT, stdout=said, stderr=said)
        if not within(PATIENCE, self.mount.is_mount):
            pytest.skip(f"no FUSE file system can be mounted here: {self.said.read_text()[-300:]}")

    def cut(self) -> None:
        self._order(".cut")

    def forget(self) -> None:
        self._order(".forget")

    def _order(self, name: str) -> None:
        with suppress(OSError):  # done, and there is no such folder afterwards
            (self.mount / name).mkdir()

    def unplug(self) -> None:
        order = ["fusermount3", "-u", "-z", str(self.mount)]
        subprocess.run(order, check=False, capture_output=True)
        if self.process:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(PATIENCE)
            self.process.kill()
            self.process.wait()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    if not shutil.which("fusermount3") or not Path("/dev/fuse").exists():
        pytest.skip("fuse3 is missing (try: sudo apt-get install fuse3)")
    disk = Disk(tmp_path)
    yield disk
    disk.unplug()


class Story:
    """A site on a lossy disk, and those who send to it."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self.folder, self.disk, self.chance = folder, disk, random.Random(2026)
        disk.plug_in()
        add_member(folder)
        self.server = start(folder, *ONE_WORKER)
        self.alice = Visitor(self.server.port)
        self.alice.log_in()
        self.csrf, self.secret = self.alice.token(), self.alice.make_token()
        self.senders: list[Sender] = []

    def crowd(self, number: int) -> list[Sender]:
        def facts(name: str, most: int) -> tuple[Visitor, str, str, bytes]:
            device = Visitor(self.alice.port, dict(self.alice.cookies))
            data = self.chance.randbytes(self.chance.randrange(1, most))
            return device, self.csrf, f"{name}-{number}.bin", data

        return [
            *(Form(*facts(f"form{n}", 300_000)) for n in range(3)),
            Program(*facts("program", 900_000)),
            *(Put(*facts(f"put{n}", 300_000), secret=self.secret) for n in range(3)),
            *(Tus(*facts(f"tus{n}", 300_000), step=32 * 1024) for n in range(2)),
            Tus(*facts("steps", 2_000_000), step=400_000),
        ]

    def turn(self, number: int) -> None:
        """All send, the power goes, and what the platters have is all there is."""
        new = self.crowd(number)
        threads = [threading.Thread(target=try_to, args=[one]) for one in new]
        for thread in threads:
            thread.start()
        time.sleep(0.2 + self.chance.random())
        self.disk.cut()
        self.server.crash()
        for thread in threads:
            thread.join()
        self.disk.unplug()
        self.disk.plug_in()
        self.server = start(self.folder, *ONE_WORKER)
        self.alice.port = self.server.port
        self.senders += new
        for one in self.senders:
            one.visitor.port = self.server.port

    def promised(self) -> int:
        """Files and bytes that somebody was told are there."""
        pieces = sum(one.acknowledged for one in self.senders if isinstance(one, Tus))
        return pieces + sum(one.done for one in self.senders)


def try_to(one: Sender) -> None:
    """Send; a no is no promise: while the power goes, the disk fails before the server does."""
    with suppress(AssertionError):
        one.go()


def ended(story: Story) -> None:
    if story.server.process.poll() is None:
        story.server.crash()


@pytest.mark.timeout(120 + 20 * LOOPS)
def test_a_power_cut_loses_nothing_that_was_acknowledged(tmp_path: Path, disk: Disk) -> None:
    story = Story(tmp_path, disk)
    try:
        for number in range(LOOPS):
            story.turn(number)
            for one in story.senders:
                one.look()
            Ledger(tmp_path).check()
        assert story.promised()
        assert json.loads(command(tmp_path, "scrub", "--json"))["findings"] == []
    finally:
        ended(story)


def test_without_fsync_the_same_cut_loses(tmp_path: Path, disk: Disk) -> None:
    """The control: if this disk lost nothing, the test above would prove nothing."""
    story = Story(tmp_path, disk)
    try:
        disk.forget()
        story.turn(0)
        assert story.promised()
        with pytest.raises(AssertionError):
            for one in story.senders:
                one.look()
    finally:
        ended(story)
