"""TRUSTED_PROXIES - what a reverse proxy says is believed exactly as far as the setting goes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask, jsonify, request
from tests.browser import Browser

from frontdesk.access import public

FORWARDED = {
    "X-Forwarded-For": "198.51.100.1, 203.0.113.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "files.example.org",
    "X-Forwarded-Port": "8443",
    "X-Forwarded-Prefix": "/evil",
    "Forwarded": "for=198.51.100.1;proto=https;host=evil.example",
}


def seen(app: Flask, **headers: str) -> dict[str, object]:
    """What a view sees of a request that came with forwarded headers."""

    def look() -> object:
        return jsonify(
            address=request.remote_addr,
            secure=request.is_secure,
            host=request.host,
            root=request.root_path,
        )

    app.add_url_rule("/look", "look", public(look))
    found = app.test_client().get("/look", headers=FORWARDED | headers).json
    assert found
    return dict(found)


def test_by_default_nothing_is_believed(start: Callable[..., Flask]) -> None:
    assert seen(start()) == {
        "address": "127.0.0.1", "secure": False, "host": "localhost", "root": "",
    }  # fmt: skip


def test_one_proxy_is_believed_about_its_client(start: Callable[..., Flask]) -> None:
    assert seen(start(TRUSTED_PROXIES=1)) == {
        "address": "203.0.113.9", "secure": True, "host": "files.example.org", "root": "",
    }  # fmt: skip


def test_two_proxies_reach_further(start: Callable[..., Flask]) -> None:
    found = seen(
        start(TRUSTED_PROXIES=2),
        **{"X-Forwarded-Proto": "https, http", "X-Forwarded-Host": "files.example.org, inner"},
    )
    assert (found["address"], found["secure"]) == ("198.51.100.1", True)
    assert found["host"] == "files.example.org"


def test_a_request_that_came_past_the_proxy_is_itself(start: Callable[..., Flask]) -> None:
    app = start(TRUSTED_PROXIES=1)
    cookie = app.test_client().get("/login").headers["Set-Cookie"]
    assert "Secure" not in cookie


def test_behind_tls_cookies_are_secure(start: Callable[..., Flask]) -> None:
    app = start(TRUSTED_PROXIES=1)
    answer = app.test_client().get("/login", headers={"X-Forwarded-Proto": "https"})
    assert answer.headers["Set-Cookie"].startswith("__Host-frontdesk=")
    assert "Strict-Transport-Security" in answer.headers


def test_a_stranger_cannot_choose_the_address_that_is_counted(app: Flask) -> None:
    def guess(number: int) -> int:
        headers = {"X-Forwarded-For": f"198.51.100.{number}"}
        return Browser(app.test_client(), **headers).log_in("alice", "wrong").status

    assert [guess(number) for number in range(12)][-1] == 429


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "a b", "x\ty", "[::1"])
def test_a_host_that_is_made_up_stands_on_no_page(app: Flask, host: str) -> None:
    answer = app.test_client().get("/login", headers={"Host": host})
    assert answer.status_code in {200, 400}
    assert "evil.example" not in answer.text
