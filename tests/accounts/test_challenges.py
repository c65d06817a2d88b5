"""A challenge is good once, also when many use it at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from frontdesk.accounts import challenges
from frontdesk.accounts.challenges import LOGIN, PROOF, Asked


def test_of_many_at_the_same_time_one_has_it(app: Flask) -> None:
    asked = Asked(LOGIN, None, "device")
    with app.app_context():
        challenge = challenges.issue(asked)

    def redeem(_: int) -> bool:
        with app.app_context():
            return challenges.redeem(asked, challenge)

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(redeem, range(8))) == [False] * 7 + [True]


def test_it_is_good_for_one_purpose_on_one_device(app: Flask) -> None:
    asked = Asked(LOGIN, None, "device")
    with app.app_context():
        challenge = challenges.issue(asked)
        assert not challenges.redeem(Asked(PROOF, None, "device"), challenge)
        assert not challenges.redeem(Asked(LOGIN, None, "other"), challenge)
        assert not challenges.redeem(asked, bytes(32))
        assert challenges.redeem(asked, challenge)
