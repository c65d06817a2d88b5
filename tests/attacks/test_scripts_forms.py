"""What scripts send as JSON is a form too: without the page's token, or from elsewhere, it is none.

tests/test_security.py posts to every route, but without a body these say 400 in any case.
"""

from __future__ import annotations

import pytest
from flask import Flask
from tests.attacks.cast import csrf
from tests.browser import Browser
from tests.routes import changing
from tests.test_security import NOT_OURS

# Address, and what it says to a body that is JSON but no passkey, when the token is right.
TAKES = {
    "/login/passkey/options": 200,
    "/login/passkey": 422,
    "/proof/passkey/options": 200,
    "/proof/passkey": 422,
    "/profile/passkeys/options": 200,
    "/profile/passkeys": 422,
}
BODY = {"credential": {"id": "x"}, "remember": True, "next": "/hello/"}


def test_all_of_them_stand_here(app: Flask) -> None:
    found = {address for _, method, address in changing(app) if method == "POST"}
    assert {address for address in found if "passkey" in address} - TAKES.keys() == {
        address for address in found if "/profile/passkeys/0" in address
    }


@pytest.mark.parametrize("address", TAKES)
def test_with_the_token_they_obey(alice: Browser, address: str) -> None:
    answer = alice.client.post(address, json=BODY, headers={"X-CSRFToken": csrf(alice)})
    assert answer.status_code == TAKES[address]


@pytest.mark.parametrize("address", TAKES)
def test_without_it_or_from_elsewhere_they_do_not(
    alice: Browser, carol: Browser, address: str
) -> None:
    mine, foreign = csrf(alice), csrf(carol)
    refused: list[dict[str, str]] = [{}, {"X-CSRFToken": foreign}, {"X-CSRFToken": ""}]
    refused += [{"X-CSRFToken": mine, **header} for header in NOT_OURS]
    for headers in refused:
        answer = alice.client.post(address, json=BODY, headers=headers)
        assert answer.status_code == 400, headers
        for kind in ("text/plain", "application/x-www-form-urlencoded"):
            sent = {"data": b'{"credential": {}}', "content_type": kind}
            assert alice.client.post(address, **sent, headers=headers).status_code == 400
