"""logs.py - every line is one JSON object with its request's id, and none holds a secret."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from tests import postgresql
from tests.browser import Browser
from tests.conftest import PASSWORD

from frontdesk.access import public
from frontdesk.accounts import service

ROOT = Path(__file__).parents[1]
LOGGED = "import wsgi; wsgi.application.test_client().get('/ak')"
HEX = re.compile(r"[0-9a-f]{32}")


@pytest.fixture
def app(stdout: StringIO, start: Callable[..., Flask]) -> Flask:
    app = start(LOG_FORMAT="json", PROPAGATE_EXCEPTIONS=False)

    def talk() -> str:
        app.logger.debug("too much")
        app.logger.warning("A warning about %s", "something")
        app.logger.error("An error", extra={"count": 3})
        logging.getLogger("a.library").warning("A library speaks")
        return "done"

    app.add_url_rule("/talk", "talk", public(talk))
    return app


@pytest.fixture
def lines(app: Flask, stdout: StringIO) -> Callable[[], list[dict[str, Any]]]:
    """What was logged so far; fails if a line isn't JSON."""
    return lambda: [json.loads(line) for line in stdout.getvalue().split("\n")[:-1]]


def test_a_warning_and_an_error_carry_the_requests_id(
    carol: Browser, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    request_id = carol.client.get("/talk").headers["X-Request-ID"]
    said = lines()
    assert [line["event"] for line in said] == [
        "A warning about something", "An error", "A library speaks", "request",
    ]  # fmt: skip
    assert [line["level"] for line in said] == ["warning", "error", "warning", "info"]
    assert {line["request_id"] for line in said} == {request_id} and HEX.fullmatch(request_id)
    assert said[1]["count"] == 3


def test_each_request_has_its_line(
    alice: Browser, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    alice.visit("/profile?key=1")
    line = lines()[-1]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/profile", 200)
    assert line["ms"] > 0 and len(line["member"]) == 36 and line["address"] == "127.0.0.1"
    assert {"timestamp", "level", "request_id"} <= line.keys()


def test_two_requests_have_two_ids(carol: Browser) -> None:
    assert len({carol.client.get("/ak").headers["X-Request-ID"] for _ in range(5)}) == 5


def test_a_strangers_request_id_is_not_believed(carol: Browser) -> None:
    answer = carol.client.get("/ak", headers={"X-Request-ID": "chosen-by-me"})
    assert answer.headers["X-Request-ID"] != "chosen-by-me"


@pytest.mark.parametrize(
    ("sent", "is_kept"),
    [("0123-abcd.EF_9", True), ("short", False), ("x" * 65, False), ("a b c d e", False)],
)
def test_a_proxys_request_id_is_if_it_is_usable(
    start: Callable[..., Flask], sent: str, is_kept: bool
) -> None:
    client = start(TRUSTED_PROXIES=1).test_client()
    answer = client.get("/ak", headers={"X-Request-ID": sent})
    assert (answer.headers["X-Request-ID"] == sent) is is_kept


def test_no_secret_reaches_the_log(
    app: Flask, carol: Browser, stdout: StringIO, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    with app.app_context():
        setup = service.setup_token()
    carol.log_in("alice", "a wrong password, mistyped")
    carol.visit("/login")
    carol.submit("login", username="alice", password=PASSWORD, remember=True)
    carol.visit(f"/setup/{setup}")
    carol.client.get(f"/profile?token={setup}", headers={"Authorization": "Bearer a-secret-token"})
    cookie = carol.client.get_cookie("frontdesk")
    assert cookie and len(lines()) >= 6
    for secret in (PASSWORD, "mistyped", cookie.value, setup, "a-secret-token", "csrf"):
        assert secret not in stdout.getvalue(), secret


def test_a_link_is_a_secret_too(carol: Browser, stdout: StringIO) -> None:
    token = "0f8fad5b-d9cb-469f-a165-70867728950e"
    carol.visit(f"/s/{token}")
    carol.client.get(f"/s/{token}/a.txt")
    assert token not in stdout.getvalue() and "/s/…" in stdout.getvalue()


def test_the_key_of_an_upload_is_a_secret_too(carol: Browser, stdout: StringIO) -> None:
    for method in ("HEAD", "GET", "PATCH", "DELETE"):
        address = "/uploads/00000000-0000-0000-0000-000000000007?key=a-key"
        carol.client.open(address, method=method, headers={"Tus-Resumable": "1.0.0"})
    assert "a-key" not in stdout.getvalue() and "/uploads/" in stdout.getvalue()


def test_a_crash_logs_no_locals_and_no_parameters(
    app: Flask, carol: Browser, stdout: StringIO
) -> None:
    def crash() -> str:
        password = "kept in a local"
        from frontdesk.db import db

        query = text("SELECT x FROM nowhere WHERE y = :y")
        return str(db.session.execute(query, {"y": password}))

    app.add_url_rule("/crash", "crash", public(crash))
    assert carol.visit("/crash").status in {500, 503}  # PostgreSQL says whose mistake it was
    assert "SELECT x FROM nowhere" in stdout.getvalue()
    assert "kept in a local" not in stdout.getvalue()


@pytest.mark.parametrize(
    "name", ["a%0d%0aFORGED", "a%0aFORGED", "a%E2%80%A8FORGED", "a%1b[2J", "%22%7d%0a%7b%22"]
)
def test_no_address_forges_a_line(
    carol: Browser, lines: Callable[[], list[dict[str, Any]]], stdout: StringIO, name: str
) -> None:
    carol.client.get(f"/hello/{name}")
    carol.client.post(
        "/theme", headers={"Origin": "http://evil\u2028FORGED".encode().decode("latin-1")}
    )
    assert len(stdout.getvalue().strip("\n").split("\n")) == 3
    assert lines()[0]["event"] == "request"
    assert "\x1b" not in stdout.getvalue()


def test_in_development_no_address_forges_a_line_either(
    stdout: StringIO, start: Callable[..., Flask]
) -> None:
    start(LOG_FORMAT="text").test_client().get("/hello/a%0d%0aFORGED%1b[2J")
    (line,) = stdout.getvalue().splitlines()
    assert "request_id=" in line and "\x1b" not in line


def test_static_files_are_not_logged(
    carol: Browser, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    sheet = carol.visit("/login").html.select_one("link[rel=stylesheet]")["href"]
    carol.visit(sheet)
    assert [line["path"] for line in lines()] == ["/login"]


def test_the_level_is_a_setting(stdout: StringIO, start: Callable[..., Flask]) -> None:
    start(LOG_LEVEL="warning").test_client().get("/ak")
    assert stdout.getvalue() == ""
    start(LOG_LEVEL="INFO").test_client().get("/ak")
    assert "/ak" in stdout.getvalue()


def test_in_production_it_is_json_on_standard_output(tmp_path: Path) -> None:
    known = {name: value for name, value in os.environ.items() if "FRONTDESK" not in name}
    known |= {"PYTHONPATH": "site", "FRONTDESK_INSTANCE_PATH": str(tmp_path / "new")}
    known |= postgresql.settings_of(tmp_path / "new")
    command = [sys.executable, "-c", LOGGED]
    out = subprocess.check_output(command, env=known, cwd=ROOT, text=True, timeout=60)
    line = json.loads(out.splitlines()[-1])
    assert line["path"] == "/ak" and HEX.fullmatch(line["request_id"])
