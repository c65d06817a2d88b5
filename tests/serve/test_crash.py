"""kill -9 of the whole site while files come in every way: promises 1 to 4 of UPLOADS.md.

`CRASH_LOOPS=500 pytest tests/serve/test_crash.py` for more than the few loops of a normal run.
"""

from __future__ import annotations

import os
import random
import shutil
import statistics
import threading
import time
from pathlib import Path

import pytest
from tests.serve.conftest import Server, Visitor, add_member, command, start
from tests.serve.ledger import Ledger
from tests.serve.senders import Sender, crowd
from tests.serve.test_start_and_stop import report

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("server")]
LOOPS = int(os.environ.get("CRASH_LOOPS", "20"))
ROUND = 50  # loops on one site; then its files, some 30 MiB a loop, make room for another's
TWO_DAYS = 2 * 86_400


class Story:
    """A site that is killed again and again, and those who go on sending to it."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        folder.mkdir()
        self.folder, self.chance, self.ledger = folder, chance, Ledger(folder)
        add_member(folder)
        self.alice = Visitor(0)
        self.server = self.begin()
        self.alice.log_in()
        self.token, self.secret = self.alice.token(), self.alice.make_token()
        self.sent: set[str] = set()
        self.open: list[Sender] = []
        self.number = self.lost_lines = self.finished = 0
        self.seconds: list[float] = []

    def begin(self) -> Server:
        self.server = start(self.folder)
        self.alice.port = self.server.port
        return self.server

    def turn(self) -> None:
        """Everybody sends, the site dies, comes back, and must tell the truth."""
        self.number += 1
        new = crowd(self.alice, self.token, self.secret, self.chance, self.number)
        self.sent |= {one.sha256 for one in new}
        senders = [*self.open, *new]
        threads = [threading.Thread(target=one.go) for one in senders]
        for thread in threads:
            thread.start()
        time.sleep(self.chance.random() * 0.8)
        self.server.crash()
        for thread in threads:
            thread.join()
        self.seconds.append(self.begin().seconds)
        self.look(senders)

    def look(self, senders: list[Sender]) -> None:
        for one in senders:
            one.visitor.port = self.server.port
            one.look()
        self.ledger.check()
        self.finished += sum(one.done for one in senders)
        unfinished = [one for one in senders if not one.done]
        self.lost_lines += len(unfinished)
        self.open = [one for one in unfinished if one.resumes][-6:]

    def end(self) -> None:
        """All who can go on do; purge removes what nobody needs, and nothing else."""
        for one in self.open:
            one.send()
        self.look(self.open)
        assert not self.open
        self.server.stop()
        self.ledger.age(TWO_DAYS)
        command(self.folder, "purge")
        self.ledger.check_all(self.sent)
        report(
            f"{self.number} kills: {self.finished} files finished, {self.lost_lines} cut off, "
            f"0 lost; back after {statistics.median(self.seconds):.2f} s, "
            f"at most {max(self.seconds):.2f} s"
        )


@pytest.mark.timeout(120 + 10 * LOOPS)
def test_kill_9_loses_nothing(tmp_path: Path) -> None:
    chance = random.Random(os.environ.get("CRASH_SEED", "2026"))
    for first in range(0, LOOPS, ROUND):
        story = Story(tmp_path / str(first), chance)
        try:
            for _ in range(min(ROUND, LOOPS - first)):
                story.turn()
            story.end()
        finally:
            if story.server.process.poll() is None:
                story.server.crash()
        shutil.rmtree(story.folder)
