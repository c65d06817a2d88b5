"""What one process ends is ended in the other at the very next request: nothing is kept in memory.

Two servers, as `make run` starts them, on one folder. Alice and Bob are admins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.serve.conftest import Server, Visitor, add_member, start

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("server")]
NEW = "another long password"
BOB = "/admin/people/bob"


@dataclass
class Two:
    """The same site at two ports."""

    here: Server
    there: Server

    def log_in(self, name: str, password: str = "a long enough password") -> Visitor:
        """Somebody who has used both: each process has seen the log-in."""
        visitor = Visitor(self.here.port)
        done = visitor.submit("/login", "login", username=name, password=password)
        assert done.status == 303
        assert self.sees(visitor) == 200 and visitor.ask("GET", "/profile").status == 200
        return visitor

    def sees(self, visitor: Visitor, address: str = "/profile", **headers: str) -> int:
        """What the other process says to the same cookies."""
        return Visitor(self.there.port, dict(visitor.cookies)).ask("GET", address, **headers).status

    def opens(self, token: str) -> int:
        carries = {"Authorization": f"Bearer {token}"}
        assert Visitor(self.here.port).ask("GET", "/ak").status == 200
        return Visitor(self.there.port).ask("GET", "/me", **carries).status


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    folder: Path = tmp_path_factory.mktemp("two")
    for name in ("alice", "bob"):
        add_member(folder, name)
    here, there = start(folder), start(folder)
    assert here.process.pid != there.process.pid and here.port != there.port
    yield Two(here, there)
    for server in (here, there):
        server.stop()


def log_out(two: Two, bob: Visitor) -> None:
    assert bob.submit("/logout", "logout").status == 303


def log_out_others(two: Two, bob: Visitor) -> None:
    assert two.log_in("bob").submit("/profile/sessions", "end-others").status == 303


def end_sessions(two: Two, bob: Visitor) -> None:
    alice, address = two.log_in("alice"), f"{BOB}/sessions/end"
    body = f"csrf_token={alice.token()}".encode()
    kind = "application/x-www-form-urlencoded"
    assert alice.ask("POST", address, body, Content_Type=kind).status == 303


def end_everything(two: Two, bob: Visitor) -> None:
    assert two.log_in("alice").submit(f"{BOB}/end", "deed", typed="bob").status == 303


def disable(two: Two, bob: Visitor) -> None:
    assert two.log_in("alice").submit(f"{BOB}/disable", "deed", typed="bob").status == 303


@pytest.fixture
def bob(two: Two) -> Iterator[Visitor]:
    """Logged in, and enabled again after the test."""
    yield two.log_in("bob")
    alice = two.log_in("alice")
    body = f"csrf_token={alice.token()}".encode()
    kind = "application/x-www-form-urlencoded"
    assert alice.ask("POST", f"{BOB}/enable", body, Content_Type=kind).status == 303


@pytest.mark.parametrize(
    "deed",
    [log_out, log_out_others, end_sessions, end_everything, disable],
    ids=lambda d: d.__name__,
)
def test_a_log_in_that_ended_here_is_refused_there(
    two: Two, bob: Visitor, deed: Callable[[Two, Visitor], None]
) -> None:
    old = Visitor(two.here.port, dict(bob.cookies))
    deed(two, bob)
    assert two.sees(old) == 401
    assert two.sees(old, "/admin/") == 401


def test_a_token_that_was_revoked_here_is_refused_there(two: Two, bob: Visitor) -> None:
    token = bob.make_token()
    assert two.opens(token) == 200
    assert bob.submit("/profile/tokens", "revoke-1").status == 303
    assert two.opens(token) == 401


@pytest.mark.parametrize("deed", [disable, end_everything], ids=lambda d: d.__name__)
def test_so_is_one_of_who_may_no_more(
    two: Two, bob: Visitor, deed: Callable[[Two, Visitor], None]
) -> None:
    token = bob.make_token()
    assert two.opens(token) == 200
    deed(two, bob)
    assert two.opens(token) == 401


def test_a_demoted_admin_finds_no_admins_page_there(two: Two, bob: Visitor) -> None:
    assert two.sees(bob, "/admin/") == 200
    assert two.log_in("alice").submit(f"{BOB}/demote", "deed", typed="bob").status == 303
    assert (two.sees(bob, "/admin/"), two.sees(bob)) == (404, 200)


def test_a_new_password_here_ends_log_ins_and_tokens_there(two: Two, bob: Visitor) -> None:
    """The last one: from here on Bob has another password."""
    token, phone = bob.make_token(), two.log_in("bob")
    old = Visitor(two.here.port, dict(bob.cookies))
    said = {"current_password": "a long enough password", "new_password": NEW}
    assert bob.submit("/profile/password", "password", **said).status == 303
    assert (two.sees(phone), two.sees(old), two.opens(token)) == (401, 401, 401)
    assert two.sees(bob) == 200
