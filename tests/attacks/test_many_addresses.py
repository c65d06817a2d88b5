"""Guesses from as many addresses as one likes are stopped, and the owner is not locked out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select
from tests.accounts.codes import code_now, give_app
from tests.attacks.cast import change, half_in, is_in
from tests.browser import Browser
from tests.conftest import PASSWORD

from frontdesk.accounts import entering, people, resets, second_steps, service
from frontdesk.accounts.models import ADMIN, MEMBER, HalfLogin, LoginSession, Member
from frontdesk.db import db
from frontdesk.forms import Refused
from frontdesk.profile import leaving

Open = Callable[[], Browser]
NOON = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)
MANY = 40


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def refusals(app: Flask, guess: Callable[[str], object]) -> Counter[int]:
    """What so many addresses are told, which try once each."""
    said: Counter[int] = Counter()
    for number in range(MANY):
        with app.test_request_context("/"), pytest.raises(Refused) as no:
            guess(f"192.0.{number}.1")
        said[no.value.status] += 1
    return said


def test_a_stolen_cookie_does_not_guess_the_password(app: Flask, alice: Browser) -> None:
    with app.app_context():
        found = service.find("alice")
        assert found
        member_id = found.id
    said = refusals(app, lambda address: service.check_password(member_id, "wrong", address))
    assert said == {422: 10, 429: MANY - 10}


def test_and_does_not_keep_the_owner_from_logging_in(
    app: Flask, alice: Browser, open_browser: Open
) -> None:
    test_a_stolen_cookie_does_not_guess_the_password(app, alice)
    assert open_browser().log_in("alice", PASSWORD).status == 303


def test_six_digits_are_not_guessed_and_a_recovery_code_still_opens(
    app: Flask, open_browser: Open
) -> None:
    """Who knows the password stops the app's codes for a while, never the way for an emergency."""
    codes = give_app(app, "alice")

    def guess(address: str) -> object:
        found = service.find("alice")
        assert found
        return second_steps.prove(found, "000000", address)

    assert refusals(app, guess) == {422: 10, 429: MANY - 10}
    owner = half_in(open_browser())
    assert owner.submit("second-step", code=code_now()).status == 429
    owner.visit("/login/second-step?by=recovery")
    assert owner.submit("second-step", code=codes[0]).status == 303 and is_in(owner)


def test_wrong_recovery_codes_from_elsewhere_do_not_count_for_the_owner(
    app: Flask, open_browser: Open
) -> None:
    codes = give_app(app, "alice")

    def guess(address: str) -> object:
        found = service.find("alice")
        assert found
        return second_steps.prove(found, "0" * 28, address)

    assert refusals(app, guess) == {422: MANY}
    owner = half_in(open_browser())
    owner.visit("/login/second-step?by=recovery")
    assert owner.submit("second-step", code=codes[0]).status == 303


def test_guessed_links_do_not_end_a_good_one(app: Flask, open_browser: Open) -> None:
    """They are counted for who guesses; the secret itself has 256 bits."""
    for number in range(MANY):
        with app.test_request_context("/"):
            assert resets.find("x" * 43, f"192.0.{number}.1") is None
    with app.app_context():
        found = service.find("alice")
        assert found
        secret = resets.admin_link(found)
    assert open_browser().visit(f"/reset/{secret}").status == 200


# At the same moment


def at_once(app: Flask, deeds: list[Callable[[], object]]) -> list[object]:
    """What each of them gives that are done together; a refusal as itself."""

    def do(deed: Callable[[], object]) -> object:
        with app.test_request_context("/"):
            try:
                return deed()
            except Refused as no:
                return no

    with ThreadPoolExecutor(len(deeds)) as threads:
        return list(threads.map(do, deeds))


def named(name: str) -> Member:
    found = service.find(name)
    assert found
    return found


def test_of_many_who_complete_a_half_log_in_one_is_in(app: Flask, carol: Browser) -> None:
    give_app(app, "alice")
    half_in(carol)

    def complete() -> bool:
        found = db.session.scalars(select(HalfLogin)).one_or_none()
        if found:
            entering.complete(found, "code")
        return found is not None

    done = at_once(app, [complete] * 6)
    with app.app_context():
        count = db.session.scalar(select(func.count()).select_from(LoginSession))
    assert done.count(True) == count == 1


def test_the_last_admin_stays_whichever_ways_are_taken_at_once(app: Flask) -> None:
    """One is disabled, one demoted, one leaves, one is removed: the last of them is told no."""
    for name in ("alice", "bob"):
        change(app, name, role=ADMIN)
    with app.app_context():
        service.create("dora", PASSWORD, is_admin=True)
    deeds: list[Callable[[], object]] = [
        lambda: service.set_enabled(named("alice"), False),
        lambda: people.set_role(named("bob"), MEMBER),
        lambda: leaving.ask(named("root").id),
        lambda: leaving.remove(named("dora").id),
    ]
    done = at_once(app, deeds)
    assert sum(isinstance(each, Refused) for each in done) == 1
    with app.app_context():
        able = Member.role == ADMIN, Member.disabled_at.is_(None), Member.leaves_at.is_(None)
        assert db.session.scalar(select(func.count()).where(*able)) == 1
