"""tokens.py - whom a token lets in, where, for how long; and what it never opens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from tests.browser import Browser
from tests.conftest import PASSWORD
from tests.routes import CHANGING, addresses

from frontdesk.access import PUBLIC_BY_NATURE, is_public
from frontdesk.accounts import service, tokens
from frontdesk.accounts.models import Token
from frontdesk.audit import LogEntry
from frontdesk.db import db

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WRONG = "fd_" + "x" * 43
# What tokens are for. Adding to it is a decision, not a side effect.
BY_TOKEN = {
    "api.me",
    "api.users",
    "files.browse",
    "files.delete_at",
    "files.download",
    "files.preview",
    "files.put",
    "files.thumbnail",
    "files.undo",
    "files.upload",
    "resumable.collection",
    "resumable.upload",
}


@pytest.fixture
def settings() -> dict[str, object]:
    return {"PROPAGATE_EXCEPTIONS": False}


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def bearer(secret: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}", **more}


def ask(client: FlaskClient, secret: str, address: str = "/me", method: str = "GET") -> int:
    return client.open(address, method=method, headers=bearer(secret), buffered=True).status_code


# Who gets in


def test_a_token_opens_the_files_without_a_session(app: Flask, token: Callable[..., str]) -> None:
    answer = app.test_client().get("/me", headers=bearer(token()))
    assert (answer.status_code, answer.json["username"]) == (200, "alice")
    assert "Set-Cookie" not in answer.headers


def test_the_scheme_is_the_same_however_it_is_written(
    app: Flask, token: Callable[..., str]
) -> None:
    for scheme in ("bearer", "BEARER", " Bearer "):
        headers = {"Authorization": f"{scheme} {token()}"}
        assert app.test_client().get("/me", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "secret", ["", "x", WRONG, f"{WRONG}{WRONG}", "fd_", "' OR 1=1", "fd_" + "é" * 43, "a b, c"]
)
def test_a_wrong_one_is_401_for_programs(app: Flask, secret: str) -> None:
    headers = {"Authorization": f"Bearer {secret}".encode().decode("latin-1")}
    answer = app.test_client().get("/me", headers=headers)
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Frontdesk", error="invalid_token"'
    assert answer.json["detail"]


def test_a_program_without_one_is_told_what_is_asked(carol: Browser) -> None:
    answer = carol.client.get("/me", headers={"Accept": "application/json"})
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Frontdesk"'


@pytest.mark.parametrize("address", ["/me?token={}", "/me?access_token={}", "/path/?bearer={}"])
def test_a_token_in_the_address_is_nothing(
    app: Flask, token: Callable[..., str], address: str
) -> None:
    assert app.test_client().get(address.format(token())).status_code == 401


@pytest.mark.parametrize("scheme", ["Basic", "Token", "Digest", ""])
def test_another_scheme_is_nothing(app: Flask, token: Callable[..., str], scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {token()}"}
    assert app.test_client().get("/me", headers=headers).status_code == 401


def test_it_ends_on_its_day(app: Flask, token: Callable[..., str], clock: Any) -> None:
    secret = token(days=7)
    clock.shift(timedelta(days=7, seconds=-1))
    assert ask(app.test_client(), secret) == 200
    clock.shift(1)
    assert ask(app.test_client(), secret) == 401


def test_one_without_a_day_lasts(app: Flask, token: Callable[..., str], clock: Any) -> None:
    secret = token(days=None)
    clock.shift(timedelta(days=5_000))
    assert ask(app.test_client(), secret) == 200


def test_who_is_disabled_is_out_at_once(app: Flask, token: Callable[..., str]) -> None:
    secret = token()
    with app.app_context():
        alice = service.find("alice")
        assert alice
        service.set_enabled(alice, False)
    assert ask(app.test_client(), secret) == 401


def test_a_new_password_ends_them(app: Flask, token: Callable[..., str]) -> None:
    """Whoever got in by the old one may have made a token."""
    alices, bobs = token(), token("bob")
    with app.app_context():
        alice = service.find("alice")
        assert alice
        service.set_password(alice, "another long password")
    assert (ask(app.test_client(), alices), ask(app.test_client(), bobs)) == (401, 200)


# Where


def test_tokens_open_these_pages_and_no_others(app: Flask) -> None:
    views = app.view_functions.items()
    assert {name for name, view in views if hasattr(view, "is_by_token")} == BY_TOKEN


def test_no_token_opens_another_page(app: Flask, token: Callable[..., str]) -> None:
    secret, client = token("root", "write"), app.test_client()
    closed = [
        (endpoint, method, address)
        for endpoint, method, address in addresses(app)
        if endpoint not in BY_TOKEN | PUBLIC_BY_NATURE
        and (method in CHANGING or not is_public(app, endpoint))
    ]
    answers = {route: ask(client, secret, route[2], route[1]) for route in closed}
    assert set(answers.values()) == {403} and len(answers) > 20


@pytest.mark.parametrize("address", ["/profile/tokens", "/profile", "/admin/", "/hello/", "/bin"])
def test_the_refusal_is_a_problem(app: Flask, token: Callable[..., str], address: str) -> None:
    headers = bearer(token("root", "write"), Accept="text/html")
    answer = app.test_client().get(address, headers=headers)
    if address == "/hello/":  # strangers see it too
        assert answer.status_code in {200, 403}
        return
    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    assert answer.json["detail"] == "No token opens this page. Log in with a browser."


def test_one_to_read_changes_nothing(app: Flask, token: Callable[..., str]) -> None:
    secret, client = token(), app.test_client()
    changing = [
        (method, address)
        for endpoint, method, address in addresses(app)
        if endpoint in BY_TOKEN and method in CHANGING
    ]
    assert len(changing) > 3
    for method, address in changing:
        answer = client.open(address, method=method, headers=bearer(secret))
        assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
        assert answer.json["detail"] == "This token may only read."


def test_tus_lets_no_other_method_slip_through(app: Flask, token: Callable[..., str]) -> None:
    """tus reads the method from a header, after the guard has seen the real one."""
    headers = bearer(token(), **{"X-HTTP-Method-Override": "POST", "Tus-Resumable": "1.0.0"})
    headers["Upload-Length"] = "5"
    answer = app.test_client().open("/uploads/", method="OPTIONS", headers=headers)
    assert answer.status_code == 403


def test_tus_takes_uploads_by_token(app: Flask, token: Callable[..., str]) -> None:
    headers = bearer(token(scope="write"), **{"Tus-Resumable": "1.0.0", "Upload-Length": "5"})
    headers["Content-Type"] = "application/offset+octet-stream"
    answer = app.test_client().post("/uploads/", data=b"hello", headers=headers)
    assert answer.status_code in {200, 201}, answer.text
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("secret", [WRONG, ""])
def test_tus_refuses_a_wrong_one(app: Flask, secret: str) -> None:
    headers = bearer(secret, **{"Tus-Resumable": "1.0.0", "Upload-Length": "5"})
    assert app.test_client().post("/uploads/", headers=headers).status_code == 401


def test_who_shows_a_wrong_one_reads_what_strangers_read(app: Flask) -> None:
    answer = app.test_client().get("/help", headers=bearer(WRONG, Accept="text/html"))
    assert answer.status_code == 200


def test_the_form_of_uploads_takes_one(app: Flask, token: Callable[..., str]) -> None:
    data = {"the_file": (BytesIO(b"x"), "a.txt"), "folder": "in"}
    headers = bearer(token(scope="write"))
    answer = app.test_client().post("/upload", data=data, headers=headers)
    assert answer.status_code == 201, answer.text
    assert [file["path"] for file in answer.json] == ["in/a.txt"]


# Beside a cookie


def test_a_wrong_one_beside_a_cookie_is_nobody(alice: Browser) -> None:
    assert alice.client.get("/me", headers=bearer(WRONG)).status_code == 401
    assert alice.client.get("/me").status_code == 200


def test_the_token_counts_not_the_cookie(alice: Browser, token: Callable[..., str]) -> None:
    answer = alice.client.get("/me", headers=bearer(token("bob")))
    assert answer.json["username"] == "bob"
    assert "Set-Cookie" not in answer.headers
    assert alice.client.get("/me").json["username"] == "alice"


def test_a_cookie_lifts_no_scope(alice: Browser, token: Callable[..., str]) -> None:
    meta = alice.visit("/help").html.select_one("meta[name=csrf-token]")
    assert meta
    headers = bearer(token(), **{"X-CSRFToken": str(meta["content"])})
    assert alice.client.post("/upload", headers=headers).status_code == 403


@pytest.mark.parametrize("header", ["Bearer", f"Bearer {WRONG}", "Basic eDp5", "Bear er", "x"])
def test_no_made_up_header_spares_a_cookie_the_csrf_token(root: Browser, header: str) -> None:
    for sent in ({}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        headers = {"Authorization": header, **sent}
        answer = root.client.post("/theme", data={"theme": "dark"}, headers=headers)
        assert answer.status_code in {400, 401}


def test_a_scheme_of_a_proxy_does_not_lift_the_origin(alice: Browser) -> None:
    """Browsers send Basic by themselves, from other sites' forms too."""
    meta = alice.visit("/help").html.select_one("meta[name=csrf-token]")
    assert meta
    data = {"theme": "dark", "csrf_token": str(meta["content"])}
    headers = {"Authorization": "Basic eDp5", "Origin": "https://evil.example"}
    assert alice.client.post("/theme", data=data, headers=headers).status_code == 400
    del headers["Origin"]
    assert alice.client.post("/theme", data=data, headers=headers).status_code == 303


def test_nobody_logs_in_or_out_by_token(app: Flask, token: Callable[..., str]) -> None:
    client, headers = app.test_client(), bearer(token(scope="write"))
    data = {"username": "alice", "password": PASSWORD}
    assert client.post("/login", data=data, headers=headers).status_code == 403
    assert client.post("/logout", headers=headers).status_code == 403


# Wrong ones are counted, and nothing tells


def test_wrong_ones_are_limited_and_right_ones_are_not(
    start: Callable[..., Flask], clock: Any
) -> None:
    app = start(LOGIN_TRIES_PER_ADDRESS=5)
    with app.app_context():
        alice = service.find("alice")
        assert alice
        right = tokens.create(alice.id, uuid4(), "x", "read", None)
    client = app.test_client()
    assert [ask(client, WRONG) for _ in range(7)] == [401] * 5 + [429] * 2
    assert ask(client, right) == 200, "a neighbour's mistake locks nobody out"
    answer = client.get("/me", headers=bearer("short"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "900")
    assert answer.mimetype == "application/problem+json"
    clock.shift(900)
    assert ask(client, WRONG) == 401


def test_last_used_is_written_once_a_minute(
    app: Flask, token: Callable[..., str], clock: Any
) -> None:
    secret, client = token(), app.test_client()

    def used_at() -> datetime | None:
        with app.app_context():
            return db.session.scalars(select(Token.used_at)).one()

    seen = []
    for seconds in (0, 30, 31):
        clock.shift(seconds)
        ask(client, secret)
        seen.append(used_at())
    assert seen == [NOON, NOON, NOON + timedelta(seconds=61)]


def test_no_log_line_holds_a_token(
    stdout: StringIO, start: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = start(LOG_FORMAT="json", LOG_LEVEL="debug", PROPAGATE_EXCEPTIONS=False)
    app.add_url_rule("/crash", "crash", lambda: 1 / 0)
    app.view_functions["crash"].is_by_token = True  # type: ignore[attr-defined]
    with app.app_context():
        alice = service.find("alice")
        assert alice
        secret = tokens.create(alice.id, uuid4(), "x", "read", None)
    client = app.test_client()
    assert [ask(client, s, a) for s in (secret, WRONG) for a in ("/me", "/crash")] == [
        200, 500, 401, 401,
    ]  # fmt: skip
    said = stdout.getvalue()
    assert '"path": "/crash"' in said and "ZeroDivisionError" in said
    assert secret[3:] not in said and WRONG[3:] not in said


def test_the_log_tells_which_program_did_it(app: Flask, token: Callable[..., str]) -> None:
    headers = bearer(token(scope="write"))
    app.test_client().post("/upload", data={"the_file": (BytesIO(b"x"), "a")}, headers=headers)
    with app.app_context():
        entry = db.session.scalars(select(LogEntry).where(LogEntry.what == "file.upload")).one()
        assert entry.who == "alice"
        assert entry.facts["token"] == str(db.session.scalars(select(Token.id)).one())
