"""SEND_FILE_BY: nginx or Apache send the bytes, where a trusted proxy offers it only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from tests.browser import Browser
from werkzeug.test import TestResponse

from frontdesk.files import service

ACCEL = {"SEND_FILE_BY": "x-accel-redirect", "TRUSTED_PROXIES": 1}
OFFER = {"X-Sendfile-Type": "x-accel-redirect"}
BYTES = b"0123456789"


@pytest.fixture
def settings() -> dict[str, Any]:
    return ACCEL


@pytest.fixture
def url(keep: Callable[..., str]) -> str:
    return f"/file/{keep('alice', 'a.bin', BYTES)}/a.bin"


@pytest.fixture
def blob(app: Flask, url: str) -> Path:
    with app.app_context():
        (path,) = (service.storage().path(id) for id in service.storage().ids(-1))
        return path


def get(browser: Browser, url: str, **headers: str) -> TestResponse:
    sent = OFFER | {name.replace("_", "-"): value for name, value in headers.items()}
    return browser.client.get(url, headers=sent, buffered=True)


def test_nginx_is_told_where_the_file_lies(alice: Browser, url: str, blob: Path) -> None:
    answer = get(alice, url)
    inside = f"/_files/{blob.parent.name}/{blob.name}"
    assert (answer.status_code, answer.data, answer.headers["X-Accel-Redirect"]) == (
        200,
        b"",
        inside,
    )
    assert answer.headers["Content-Length"] == "0"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert answer.headers["ETag"] and answer.headers["Last-Modified"]


def test_then_its_group_may_read_it(alice: Browser, url: str, blob: Path) -> None:
    assert not blob.stat().st_mode & 0o077, "until it is asked for it is ours alone"
    get(alice, url)
    assert blob.stat().st_mode & 0o777 == 0o640
    assert blob.parent.stat().st_mode & 0o777 == 0o750


def test_a_part_is_cut_by_nginx(alice: Browser, url: str, blob: Path) -> None:
    answer = get(alice, url, Range="bytes=2-5")
    assert (answer.status_code, answer.data) == (200, b"")
    assert "Content-Range" not in answer.headers


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("Range", "bytes=5-2", 200),
        ("Range", "bytes=0-1,3-4", 200),
        ("Range", "bytes=\t1-2", 206),
        ("Range", "bytes=99-", 416),
        ("If_Match", '"other"', 412),
        ("If_Unmodified_Since", "Fri, 01 Jan 2100 00:00:00 GMT", 200),
    ],
)
def test_what_nginx_might_see_otherwise_we_answer(
    alice: Browser, url: str, header: str, value: str, status: int
) -> None:
    answer = get(alice, url, **{header: value})
    assert (answer.status_code, "X-Accel-Redirect" in answer.headers) == (status, False)


def test_who_comes_past_the_proxy_gets_the_bytes(alice: Browser, url: str) -> None:
    answer = alice.client.get(url, buffered=True)
    assert answer.data == BYTES and "X-Accel-Redirect" not in answer.headers


def test_an_offer_of_another_kind_is_none(alice: Browser, url: str) -> None:
    answer = get(alice, url, X_Sendfile_Type="x-sendfile")
    assert answer.data == BYTES


@pytest.mark.parametrize("missing", ACCEL)
def test_without_setting_or_trust_nothing_is_handed_over(
    start: Callable[..., Flask], url: str, missing: str
) -> None:
    left = {name: value for name, value in ACCEL.items() if name != missing}
    browser = Browser(start(**left).test_client())
    assert browser.log_in("alice", "a long enough password").status == 303
    assert get(browser, url).data == BYTES


def test_where_the_file_is_anothers_we_send_it(
    alice: Browser, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("os.fchmod", no)
    assert get(alice, url).data == BYTES


def test_a_stranger_is_not_told_where_it_lies(carol: Browser, url: str) -> None:
    answer = get(carol, url)
    assert (answer.status_code, "X-Accel-Redirect" in answer.headers) == (401, False)
