"""The clock of the machine jumps and comes back while people are at it: nothing is lost by that."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from tests.faults.conftest import ONE_WORKER
from tests.faults.people import Member
from tests.serve.conftest import (
    PASSWORD,
    ROOT,
    Server,
    Visitor,
    add_member,
    command,
    environment,
    start,
)
from tests.serve.ledger import Ledger

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("server")]
DATA = b"content of a file, " * 10_000
HALF = len(DATA) // 2
A_DAY = 86_400
WAITS = "The clock jumped since the last purge, so nothing expires this time."
PAGES = ("/", "/path/", "/upload", "/bin", "/profile", "/admin/", "/admin/log", "/admin/health")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("clock")
    add_member(folder)
    running = start(folder, *ONE_WORKER, "tests.faults.travelling:application", JOBS="worker")
    yield running
    running.crash()


@contextmanager
def jumped(server: Server, by: float) -> Iterator[None]:
    clock = server.folder / "clock"
    clock.write_text(str(by))
    try:
        yield
    finally:
        clock.unlink()


def flask(server: Server, *words: str) -> str:
    """A command, by the same clock."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.travelling", "--app", "site/frontdesk", *words],
        cwd=ROOT, env=environment(server.folder), capture_output=True, text=True,
    )  # fmt: skip
    assert not done.returncode, done.stderr
    return done.stdout


@dataclass
class Things:
    """What somebody has before the clock jumps."""

    alice: Member
    plain: Visitor  # a log-in that isn't remembered
    upload: str
    binned: str
    link: str
    invite: str

    @classmethod
    def of(cls, server: Server, name: str) -> Things:
        alice, plain = Member.at(server), Visitor(server.port)
        plain.submit("/login", "login", username="alice", password=PASSWORD, remember="")
        upload = alice.begin(f"{name}-sent.txt", len(DATA)).headers["Location"]
        assert alice.patch(upload, 0, DATA[:HALF]).status == 204
        alice.keep(f"{name}-kept.txt", DATA)
        binned = alice.keep(f"{name}-binned.txt", DATA)
        assert alice.change(binned, "delete").status == 303
        return cls(alice, plain, upload, binned, cls.linked(alice, name), cls.invited(alice))

    @staticmethod
    def linked(alice: Member, name: str) -> str:
        place = f"/file/{alice.keep(f'{name}-linked.txt', DATA)}/change/link"
        assert alice.visitor.submit(place, "link", days="1").status == 303
        field = alice.get(place).html.select_one("input[value*='/s/']")
        assert field
        return "/s/" + str(field["value"]).partition("/s/")[2]

    @staticmethod
    def invited(alice: Member) -> str:
        wish = {"email": "", "role": "member", "days": "1"}
        made = alice.visitor.submit("/admin/invites/new", "invite", **wish)
        field = made.html.select_one("input#link")
        assert field, made.problems
        return "/invite/" + str(field["value"]).partition("/invite/")[2]

    def are_all_there(self, name: str) -> None:
        for who in (self.alice.visitor, self.plain):
            assert who.ask("GET", "/profile").status == 200, "a log-in that stood still does"
        self.alice.resume(self.upload, DATA)
        assert self.alice.change(self.binned, "undo").status == 303
        for what in ("sent", "kept", "binned", "linked"):
            assert self.alice.holds(f"{name}-{what}.txt", DATA), what
        for address in (self.link, self.invite):
            assert Visitor(self.plain.port).ask("GET", address).status == 200, address


@pytest.mark.parametrize("by", [400 * A_DAY, -7_200], ids=["400 days on", "2 hours back"])
def test_a_jump_and_back_loses_nothing(server: Server, by: int) -> None:
    things, name = Things.of(server, str(by)), str(by)
    flask(server, "purge", "--force")
    with jumped(server, by):
        for page in (*PAGES, things.link, things.invite):
            for who in (things.alice.visitor, things.plain):
                assert who.ask("GET", page).status in {200, 302, 303, 401, 410}, page
        assert WAITS in flask(server, "purge")
        assert Member.at(server).keep(f"{name}-meanwhile.txt", DATA), "people work on"
    said = json.loads(command(server.folder, "purge", "--json"))
    assert said["waited"], "it jumped again; and the warning is no part of the JSON"
    things.are_all_there(name)
    assert things.alice.holds(f"{name}-meanwhile.txt", DATA)
    Ledger(server.folder).check()


@pytest.mark.parametrize("by", [400 * A_DAY, -7_200], ids=["400 days on", "2 hours back"])
def test_what_is_being_sent_when_it_jumps_goes_on(server: Server, by: int) -> None:
    alice, name = Member.at(server), f"{by}-middle.txt"
    address = alice.begin(name, len(DATA)).headers["Location"]

    def pieces() -> Iterator[bytes]:
        yield DATA[:HALF]
        (server.folder / "clock").write_text(str(by))
        assert Visitor(server.port).ask("GET", "/login").status == 200  # it sees the clock
        yield DATA[HALF:]

    try:
        sent = alice.patch(address, 0, pieces(), Content_Length=str(len(DATA)))
        # The kernel's clock stays, and stamps the file: by the site's it may have expired.
        assert sent.status in {204, 410}
    finally:
        (server.folder / "clock").unlink()
    alice.resume(address, DATA)
    assert alice.holds(name, DATA)
    Ledger(server.folder).check()


def test_the_log_is_in_the_order_of_what_happened(server: Server) -> None:
    root = Member.at(server)
    root.keep("before.txt", b"content")
    with jumped(server, -7_200):
        latest = root.keep("latest.txt", b"content")
        row = root.get("/admin/log").html.select_one("main tbody tr")
        assert row and latest in row.get_text()
