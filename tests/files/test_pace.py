"""How many uploads a member may begin in a second."""

from __future__ import annotations

import pytest
from tests.browser import Browser
from tests.files.tus import Tus

from frontdesk.files import uploads
from frontdesk.files.pace import Pace


def test_so_many_in_a_second_and_then_again() -> None:
    moments = iter([0.0, 0.1, 0.2, 0.9, 1.0, 1.05, 1.1])
    pace = Pace(3, 1.0, lambda: next(moments))
    assert [pace.allows("alice") for _ in range(7)] == [True, True, True, False, True, False, True]


def test_each_has_a_pace_of_their_own() -> None:
    pace = Pace(1, 1.0, lambda: 0.0)
    assert [pace.allows(who) for who in ("alice", "bob", "alice")] == [True, True, False]


def test_a_member_may_begin_twenty_at_once(alice: Browser) -> None:
    tus = Tus(alice)
    assert [tus.create(10).status_code for _ in range(20)] == [201] * 20


def test_who_begins_too_many_is_told_when_to_come_back(
    alice: Browser, bob: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "PACE", Pace(2, 60.0))
    tus = Tus(alice)
    *_, answer = (tus.create(10) for _ in range(3))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert answer.json["detail"] == "Too many uploads begin at once. Try again in a second."
    assert Tus(bob).create(10).status_code == 201
