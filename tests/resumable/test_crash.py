"""kill -9 at any moment: no acknowledged byte is lost, no finished file differs from what was sent.

`CRASH_LOOPS=500 pytest tests/resumable/test_crash.py` for more than the few loops of a normal run.
"""

import contextlib
import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from tests.resumable.tools import OCTETS, TUS, Server, chunk

pytestmark = pytest.mark.server
MIB = 1 << 20
LOOPS = int(os.environ.get("CRASH_LOOPS", "4"))


@dataclass
class Sender:
    """Sends one file in pieces, remembers what was acknowledged, and goes on after each crash."""

    server: Server
    data: bytes
    address: str
    step: int
    acknowledged: int = 0
    done: bool = False

    def look(self) -> None:
        """The truth after a crash: never less than what was acknowledged."""
        offset = self.server.offset(self.address)
        assert offset >= self.acknowledged, f"{self.acknowledged - offset} bytes lost"
        assert offset <= len(self.data)
        self.acknowledged = offset
        self.check(offset)

    def check(self, offset: int) -> None:
        if offset == len(self.data):
            assert self.server.stored(self.address).read_bytes() == self.data
            self.done = True

    def send(self) -> None:
        """Until all is sent or the server dies."""
        with contextlib.suppress(OSError):
            while not self.done:
                at = self.acknowledged
                piece = self.data[at : at + self.step]
                answer = self.server.ask("PATCH", self.address, chunk(at), piece)
                assert answer.status == 204, answer
                self.acknowledged = int(answer.headers["upload-offset"])
                self.check(self.acknowledged)


@pytest.mark.timeout(120 + 20 * LOOPS)
def test_kill_9_at_any_moment(make_server: Callable[..., Server]) -> None:
    server, chance = make_server(RESUMABLE_CHECKPOINT=MIB), random.Random(2026)
    senders: list[Sender] = []
    for _ in range(LOOPS):
        for step in (64 * 1024, 3 * MIB, 100 * MIB):
            data = os.urandom(chance.randrange(20 * MIB, 40 * MIB))
            senders.append(Sender(server, data, server.create(len(data)), step))
        threads = [threading.Thread(target=sender.send) for sender in senders]
        for thread in threads:
            thread.start()
        time.sleep(chance.random() * 0.6)
        server.kill()
        for thread in threads:
            thread.join()
        start = time.monotonic()
        server.start()
        assert time.monotonic() - start < 10
        for sender in senders:
            sender.look()
        senders = [sender for sender in senders if not sender.done][-6:]
    for sender in senders:
        sender.send()
        assert sender.done


def test_a_crash_while_the_application_takes_over(make_server: Callable[..., Server]) -> None:
    server = make_server()
    metadata = {"Upload-Metadata": "slow NQ==", "Upload-Length": "5", "Content-Type": OCTETS}
    with server.wire() as wire:
        wire.head("POST", "/uploads/", {**TUS, **metadata}, 5)
        wire.send(b"hello")
        time.sleep(1)
        server.kill()
    finished = server.folder / "instance" / "resumable" / "finished"
    staging = server.folder / "instance" / "resumable" / "staging"
    [name] = [path.name for path in finished.iterdir()]
    server.start()
    facts = (staging / f"{name}.json").read_text()
    key = facts.split('"key": "')[1].split('"')[0]
    assert server.offset(f"/uploads/{name}?key={key}") == 5
    assert (finished / name).read_bytes() == b"hello"
