"""/metrics - for this machine and who has the token; and no number says anything of a person."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text
from tests import postgresql
from tests.browser import Browser
from tests.conftest import PASSWORD
from tests.routes import addresses
from tests.watching.numbers import Numbers

from frontdesk import audit
from frontdesk.access import public
from frontdesk.db import db, now, transaction
from frontdesk.files import scrub
from frontdesk.files.scrub import daily
from frontdesk.jobs.models import Job
from frontdesk.storage import LocalStorage

ROOT = Path(__file__).parents[2]
NOWHERE = text("SELECT x FROM nowhere")
CUT_OFF = text(
    "SELECT pg_terminate_backend(pg_backend_pid())"
)  # there NOWHERE is a mistake of ours
SHOWN = "a-token-for-the-monitor"


def numbers(app: Flask) -> Numbers:
    answer = app.test_client().get("/metrics")
    assert answer.status_code == 200
    return Numbers(answer.text)


# Who may


def test_a_program_on_this_machine_reads_it(app: Flask) -> None:
    answer = app.test_client().get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("address", ["192.0.2.1", "10.0.0.1", "2001:db8::1", "", "unix:"])
def test_for_a_stranger_it_is_not_there(app: Flask, address: str) -> None:
    answer = app.test_client().get("/metrics", environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == 404 and "frontdesk_" not in answer.text


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"])
@pytest.mark.parametrize("proxies", [0, 1, 2])
def test_what_comes_through_a_proxy_is_not_from_here(
    start: Callable[..., Flask], name: str, proxies: int
) -> None:
    """Whatever it says: it may be trusted too far, or not at all and on this machine."""
    client = start(TRUSTED_PROXIES=proxies).test_client()
    for said in ("203.0.113.9", "127.0.0.1", "::1", "127.0.0.1, 127.0.0.1", "for=127.0.0.1"):
        assert client.get("/metrics", headers={name: said}).status_code == 404, said


@pytest.mark.parametrize(
    ("host", "status"),
    [("files.example.org", 404), ("127.0.0.1.evil.example", 404), ("localhost:5000", 200),
     ("127.0.0.1:5000", 200), ("[::1]:5000", 200)],
)  # fmt: skip
def test_a_proxy_that_adds_no_header_keeps_the_host(app: Flask, host: str, status: int) -> None:
    assert app.test_client().get("/metrics", headers={"Host": host}).status_code == status


def test_a_member_and_an_admin_are_strangers_too(alice: Browser, root: Browser) -> None:
    for browser in (alice, root):
        answer = browser.client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"})
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("shown", "status"),
    [(f"Bearer {SHOWN}", 200), ("Bearer wrong", 404), (f"Basic {SHOWN}", 404), ("Bearer ", 404)],
)
def test_from_elsewhere_the_token_opens_it(
    start: Callable[..., Flask], shown: str, status: int
) -> None:
    client = start(METRICS_TOKEN=SHOWN, TRUSTED_PROXIES=1).test_client()
    headers = {"X-Forwarded-For": "192.0.2.1", "Authorization": shown}
    assert client.get("/metrics", headers=headers).status_code == status


def test_without_a_token_set_no_token_opens_it(app: Flask) -> None:
    headers = {"X-Forwarded-For": "192.0.2.1", "Authorization": "Bearer "}
    assert app.test_client().get("/metrics", headers=headers).status_code == 404


def test_the_token_opens_nothing_else(start: Callable[..., Flask]) -> None:
    client = start(METRICS_TOKEN=SHOWN).test_client()
    for address in ("/me", "/admin/", "/path/"):
        answer = client.get(address, headers={"Authorization": f"Bearer {SHOWN}"})
        assert answer.status_code == 401, address


# What it says


def test_log_ins_are_counted_by_how_they_ended(app: Flask, carol: Browser) -> None:
    before = numbers(app)
    for word in ("wrong", "wrong again", PASSWORD):
        carol.log_in("alice", word)
    found = numbers(app)
    for result, count in {"ok": 1, "wrong": 2, "wrong code": 0}.items():
        labels = {"result": result}
        assert found("logins_total", **labels) - before("logins_total", **labels) == count, result
    assert (
        found("deeds_total", what="member.login") - before("deeds_total", what="member.login") == 1
    )


def test_tries_that_were_too_many_are_counted(start: Callable[..., Flask]) -> None:
    app = start(LOGIN_TRIES=3)
    for _ in range(5):
        Browser(app.test_client()).log_in("alice", "wrong")
    assert numbers(app)("tries_refused_total", kind="login") == 2


def test_what_was_rolled_back_is_not_counted(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(ZeroDivisionError), transaction():
            audit.record("purge")
            _ = 1 / 0
        with transaction():
            audit.record("scrub")
    found = numbers(app)
    assert (found("deeds_total", what="purge"), found("deeds_total", what="scrub")) == (0, 1)
    assert found("last_seconds", what="scrub") == pytest.approx(now().timestamp(), abs=60)
    assert not found("last_seconds", what="purge")


@pytest.mark.parametrize("word", [scrub.ENDED, daily.NOTED])
def test_a_scrub_is_one_whoever_does_it(app: Flask, word: str) -> None:
    """By hand, or by the server itself, a part at a time: else the alert of the docs never ends."""
    with app.app_context(), transaction():
        audit.record(word)
    found = numbers(app)("last_seconds", what="scrub")
    assert found == pytest.approx(now().timestamp(), abs=60)


def test_unexpected_errors_are_counted_where_they_happen(
    start: Callable[..., Flask],
) -> None:
    app = start(PROPAGATE_EXCEPTIONS=False)

    def crash() -> str:
        raise KeyError("somebody's")

    def refuse() -> str:
        return str(db.session.execute(CUT_OFF if postgresql.is_used() else NOWHERE))

    app.add_url_rule("/crash", "crash", public(crash))
    app.add_url_rule("/refuse", "refuse", public(refuse))
    client = app.test_client()
    assert [client.get("/crash").status_code, client.get("/refuse").status_code] == [500, 503]
    found = numbers(app)
    assert found("errors_total", endpoint="crash", error="KeyError") == 1
    assert found("errors_total", endpoint="refuse", error="OperationalError") == 1
    assert found("requests_total", endpoint="crash", status="5xx") == 1
    assert found("database_errors_total", error="OperationalError") == 1


def test_jobs_are_counted_by_kind_and_state(app: Flask) -> None:
    with app.app_context(), transaction() as session:
        due = now() - timedelta(seconds=90)
        for number, kind in enumerate(("thumbnail", "thumbnail", "somebody's own")):
            session.add(Job(kind=kind, subject=str(number), state="waiting", due_at=due))
    found = numbers(app)
    assert found("jobs", kind="thumbnail", state="waiting") == 2
    assert found("jobs", kind="unknown", state="waiting") == 1
    assert 90 <= found("queue_age_seconds") < 150


def test_space_and_things_are_measured(
    app: Flask, keep: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    keep("alice", "a.txt", b"x" * 1000)
    keep("bob", "b.txt", b"y" * 234)
    monkeypatch.setattr(LocalStorage, "free", lambda self: 12_345)
    found = numbers(app)
    assert (found("members"), found("files"), found("free_bytes")) == (3, 2, 12_345)
    assert (found("blobs"), found("blobs_bytes"), found("used_bytes")) == (2, 1234, 1234)
    assert found("ready") == 4 and not found("open_uploads")


def test_while_the_database_is_broken_it_says_so(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        event.listen(db.engine, "begin", _refuse)
    found = numbers(app)
    assert found("ready", check="database") == 0 and found("ready", check="storage") == 1
    assert found("free_bytes") > 0 and not found("members")


def _refuse(connection: Any) -> None:
    connection.exec_driver_sql("SELECT x FROM nowhere")


# What it doesn't


def test_no_label_is_anything_that_somebody_typed(
    app: Flask, alice: Browser, keep: Callable[..., str], token: Callable[..., str]
) -> None:
    """All addresses by all methods, with names that would be found again."""
    keep("alice", "the-word-file.txt")
    client = alice.client
    for _endpoint, method, address in addresses(app):
        if "logout" not in address:
            client.open(f"{address}?the-word-query=1", method=method, buffered=True)
    client.open("/the-word-path", method="THE-WORD-METHOD")
    client.get("/hello/the-word-name", headers={"User-Agent": "the-word-agent"})
    client.put("/path/the-word.txt", data=b"x", headers={"Authorization": f"Bearer {token()}"})
    Browser(app.test_client()).log_in("the-word-person", "the-word-password")
    text = app.test_client().get("/metrics").text
    assert "the-word" not in text.lower() and "alice" not in text
    found = Numbers(text)
    assert found("requests_total", endpoint="unknown", method="other") == 1
    known = {rule.endpoint for rule in app.url_map.iter_rules()}
    said = {sample.labels["endpoint"] for sample in found.samples if "endpoint" in sample.labels}
    assert said <= known | {"unknown"} and len(said) > 80
    assert all(re.fullmatch(r"[\w.+ -]{1,60}", label) for label in found.labels())


def test_unknown_addresses_share_one_label(app: Flask) -> None:
    client = app.test_client()
    before = numbers(app)
    for number in range(50):
        client.open(f"/nowhere/{number}", method=f"M{number}")
    found = numbers(app)
    labels = {"endpoint": "unknown", "status": "4xx"}
    assert found("requests_total", **labels) - before("requests_total", **labels) == 50
    assert len(found.samples) - len(before.samples) < 60


def test_all_metrics_are_in_the_handbook(app: Flask) -> None:
    handbook = (ROOT / "docs/monitoring.md").read_text(encoding="utf-8")
    app.test_client().get("/")
    for family in numbers(app).families:
        word = family.name.removeprefix("frontdesk")
        assert word in handbook, family.name
