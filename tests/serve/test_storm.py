"""Many in all processes add, remove and send at once: what is counted is what is there, always."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
from tests.faults.people import Member
from tests.files.wire import CONTENT_TYPE, multipart
from tests.serve.answer import Answer
from tests.serve.conftest import Server, add_member, command, start
from tests.serve.ledger import Ledger

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("server")]
NAMES = ("alice", "bob")
EACH, TURNS = 6, 12  # devices of each of them, and what each does
QUOTA, MOST = 1_000_000, 90_000  # bytes; soon somebody is told that there is no room
FOLDERS = ("", "in", "in/deep")
CONFLICT = ("number", "version")
DONE, NO = {201, 204, 303}, {404, 413, 422}  # somebody was faster, or there is no room
# Of one moment each, beside all writers: nobody over the quota, and every sum as its rows say.
WRONG = f"""
    SELECT username, used, reserved FROM members WHERE used + reserved > {QUOTA}
    OR reserved <> (SELECT coalesce(sum(reserved), 0) FROM uploads WHERE owner_id = members.id)
    OR used <> (SELECT coalesce(sum(size), 0) FROM files WHERE owner_id = members.id)
             + (SELECT coalesce(sum(v.size), 0) FROM versions v JOIN files f ON f.id = file_id
                WHERE f.owner_id = members.id)
             + (SELECT coalesce(sum(size), 0) FROM blobs WHERE kept_for = members.id)
"""
MISCOUNTED = """
    SELECT path, files_in, bytes_in, folders_in FROM folders o WHERE
    files_in <> (SELECT count(*) FROM files WHERE folder_id = o.id AND deleted_at IS NULL)
    OR bytes_in <> (SELECT coalesce(sum(size), 0) FROM files
                    WHERE folder_id = o.id AND deleted_at IS NULL)
    OR folders_in <> (SELECT count(*) FROM folders i
                      WHERE i.parent_id = o.id AND i.deleted_at IS NULL)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Two processes, each with many threads."""
    for name in NAMES:
        add_member(tmp_path, name)
    running = start(tmp_path, QUOTA=QUOTA, JOBS="worker")
    yield running
    running.crash()


class Device:
    """One that does what comes to its mind, and remembers what it was told."""

    def __init__(self, member: Member, number: int) -> None:
        self.member, self.chance = member, random.Random(number)
        self.told: Counter[int] = Counter()
        self.ids: list[str] = []

    def go(self) -> Counter[int]:
        for _ in range(TURNS):
            act = self.chance.choice([self.add, self.add, self.remove, self.begin, self.send])
            self.told[act()] += 1
        return self.told

    def _data(self) -> bytes:
        return self.chance.randbytes(self.chance.randrange(1, MOST))

    def add(self) -> int:
        """Under one of few names: it becomes another file, or a version of one."""
        kept = {"folder": self.chance.choice(FOLDERS), "on_conflict": self.chance.choice(CONFLICT)}
        answer = self._post("/upload", f"{self.chance.randrange(4)}.bin", kept)
        if answer.status == 201:
            self.ids += [one["id"] for one in json.loads(answer.body)]
        return answer.status

    def send(self) -> int:
        return self._post("/post/new", "sent.bin", {"to": "bob", "message": "Here"}).status

    def _post(self, address: str, name: str, fields: dict[str, str]) -> Answer:
        body = multipart({"csrf_token": self.member.csrf, **fields}, [(name, self._data())])
        kind = {"Content_Type": CONTENT_TYPE, "Accept": "application/json"}
        return self.member.visitor.ask("POST", address, body, **kind)

    def remove(self) -> int:
        """Into the bin, and out of it or for good."""
        if not self.ids:
            return self.begin()
        id = self.ids.pop()
        then = self.chance.choice(["undo", "remove"])
        first = self.member.change(id, "delete").status
        return first if first in NO else self.member.change(id, then).status

    def begin(self) -> int:
        """What stays unfinished holds its room; what is whole becomes a file."""
        data = self._data()
        answer = self.member.begin("piece.bin", len(data))
        if answer.status != 201:
            return answer.status
        end = self.chance.choice([len(data), len(data) // 2])
        return self.member.patch(answer.headers["Location"], 0, data[:end]).status


@contextmanager
def looked_at(ledger: Ledger) -> Iterator[list[object]]:
    """Meanwhile somebody looks at the books, over and over; what was wrong, and how often."""
    found, looks, over = list[object](), list[object](), Event()

    def look() -> None:
        while not over.wait(0.1):
            found.extend(ledger.ask(WRONG) + ledger.ask(MISCOUNTED))
            looks.append(None)

    thread = Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()
    assert len(looks) > 5


def test_every_sum_is_right_at_every_moment_of_a_storm(server: Server, tmp_path: Path) -> None:
    members = [Member.at(server, name) for name in NAMES]
    devices = [Device(member, number) for number in range(EACH) for member in members]
    with looked_at(Ledger(tmp_path)) as found, ThreadPoolExecutor(len(devices)) as threads:
        told = sum(threads.map(Device.go, devices), Counter[int]())
    assert not found
    assert set(told) <= DONE | NO, told
    assert told.keys() & DONE and told[413], "some had room, and some had not"
    Ledger(tmp_path).check()
    assert json.loads(command(tmp_path, "scrub", "--json"))["findings"] == []
