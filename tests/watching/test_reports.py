"""Sentry and OpenTelemetry - real envelopes and spans, with nothing of people, never in the way."""

from __future__ import annotations

import gzip
import json
import socket
import time
from collections.abc import Callable
from typing import Any

import brotli
import pytest
from flask import Flask
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests import postgresql
from tests.browser import Browser
from tests.conftest import PASSWORD
from tests.watching.conftest import Collector

from frontdesk import jobs
from frontdesk.access import public
from frontdesk.jobs import run
from frontdesk.settings import BadSetting
from frontdesk.watching.redaction import redacted

WORDS = ("the-word", PASSWORD, "alice", "203.0.113.9", "Cookie", "frontdesk=")
TOKEN = "0f8fad5b-d9cb-469f-a165-70867728950e"
PLACE = "%(" if postgresql.is_used() else "?"  # where a value was
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def crashing(app: Flask) -> Flask:
    def crash(token: str) -> str:
        password = "the-word-local"
        raise RuntimeError(f"/s/{token}?the-word=query of 'the-word-quoted' {len(password)}")

    app.add_url_rule("/reset/<token>/crash", "crash", public(crash), methods=["GET", "POST"])
    return app


def body(came: tuple[str, dict[str, str], bytes]) -> bytes:
    _path, headers, data = came
    encoding = {name.lower(): value for name, value in headers.items()}.get("content-encoding")
    if encoding == "br":
        return bytes(brotli.decompress(data))
    return gzip.decompress(data) if encoding == "gzip" else data


def spans(collector: Collector) -> list[Any]:
    found = []
    for came in list(collector.came):
        request = ExportTraceServiceRequest.FromString(body(came))
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                found += scope.spans
    return found


def facts(span: Any) -> dict[str, Any]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


# Sentry


def test_sentry_is_told_an_error_and_nothing_of_people(
    start: Callable[..., Flask], collector: Collector
) -> None:
    dsn = f"http://key@127.0.0.1:{collector.port}/1"
    app = crashing(start(SENTRY_DSN=dsn, PROPAGATE_EXCEPTIONS=False, TRUSTED_PROXIES=1))
    browser = Browser(app.test_client(), **{"X-Forwarded-For": "203.0.113.9"})
    browser.log_in("alice", PASSWORD)
    answer = browser.client.get(
        f"/reset/{TOKEN}/crash?the-word=1", data=b"the-word-body",
        headers={"User-Agent": "the-word-agent", "Authorization": "the-word-header"},
    )  # fmt: skip
    assert answer.status_code == 500
    collector.wait(lambda found: bool(found.came))
    path, headers, _ = collector.came[0]
    assert path == "/api/1/envelope/" and "sentry_key=key" in headers["X-Sentry-Auth"]
    said = body(collector.came[0]).decode()
    event = json.loads(said.splitlines()[2])
    (error,) = event["exception"]["values"]
    assert error["type"] == "RuntimeError" and "/s/…" in error["value"]
    assert error["stacktrace"]["frames"][-1]["function"] == "crash"
    assert event["tags"] == {
        "endpoint": "crash", "method": "GET", "request_id": answer.headers["X-Request-ID"]
    }  # fmt: skip
    assert not {"request", "user", "breadcrumbs", "extra", "server_name"} & event.keys()
    source = {"context_line", "pre_context", "post_context"}
    for frame in error["stacktrace"]["frames"]:
        assert "vars" not in frame
        for name in source:
            frame.pop(name, None)  # our own lines of code, this test's too
    shown = json.dumps(event)
    assert not [word for word in (*WORDS, TOKEN) if word in shown]


def test_sentry_is_told_of_a_job_that_went_wrong(
    start: Callable[..., Flask], collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "_kinds", {})
    monkeypatch.setattr(run, "KINDS", run._kinds)

    def fail(subject: str) -> None:
        raise ValueError(f"no such thing: '{subject}'")

    jobs.task("test")(fail)
    app = start(SENTRY_DSN=f"http://key@127.0.0.1:{collector.port}/1")
    with app.app_context():
        jobs.ask("test", "the-word")
    collector.wait(lambda found: bool(found.came))
    event = json.loads(body(collector.came[0]).decode().splitlines()[2])
    assert event["tags"] == {"endpoint": "job test"}
    assert event["exception"]["values"][0]["value"] == "no such thing: '…'"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"/s/{TOKEN}/a and /reset/abc?x=1", "/s/…/a and /reset/…?…"),
        ("who is ada@example.org here", "who is …@… here"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer …"),
        ("KeyError: 'typed' and \"typed\"", "KeyError: '…' and \"…\""),
        ("no such table: files", "no such table: files"),
        (
            "can't open 'typed': it isn't in ['typed', b'typed']",
            "can't open '…': it isn't in ['…', b'…']",
        ),
        ("it isn't '\\\\', nor 'ty\\'ped' or \"isn't typed\"", "it isn't '…', nor '…' or \"…\""),
        ("no 'O'Brien typed' nor 'half typed", "no '…' nor '…"),
        ("none is called “typed ‘typed’”", "none is called “…”"),
        (
            'unique "names"\nDETAIL:  Key (n)=(typed\ntyped) is.\n[SQL: SELECT]',
            'unique "…"\nDETAIL: …\n[SQL: SELECT]',
        ),
        ('null in "names"\nDETAIL:  Failing row contains (1, typed).', 'null in "…"\nDETAIL: …'),
    ],
)
def test_what_is_told_is_cleaned(said: str, shown: str) -> None:
    assert redacted(said) == shown


# OpenTelemetry


def test_spans_are_named_by_endpoint_and_tell_nothing_of_people(
    start: Callable[..., Flask], collector: Collector
) -> None:
    app = start(OTLP_ENDPOINT=f"http://127.0.0.1:{collector.port}", TRUSTED_PROXIES=1)
    client = app.test_client()
    client.get("/ak")
    until = time.monotonic() + 20
    while app.extensions["tracing"].tracer is None and time.monotonic() < until:
        time.sleep(0.02)
    browser = Browser(client, **{"X-Forwarded-For": "203.0.113.9"})
    browser.log_in("alice", PASSWORD)
    headers = {"Traceparent": TRACEPARENT, "User-Agent": "the-word-agent"}
    answer = browser.client.get("/path/the-word-folder?the-word=1", headers=headers)
    collector.wait(lambda found: any(span.name == "files.browse" for span in spans(found)))
    assert collector.came[0][0] == "/v1/traces"
    (browse,) = [span for span in spans(collector) if span.name == "files.browse"]
    assert browse.trace_id.hex() == TRACEPARENT.split("-")[1], "the proxy's trace goes on"
    assert facts(browse) == {
        "http.request.method": "GET",
        "http.route": "/path/<path:subpath>",
        "http.response.status_code": answer.status_code,
        "request_id": answer.headers["X-Request-ID"],
    }
    statements = [one for one in spans(collector) if one.parent_span_id == browse.span_id]
    assert {one.name for one in statements} - {"BEGIN"} == {"SELECT"}
    assert any(PLACE in facts(one)["db.query.text"] for one in statements)
    shown = b"".join(body(came) for came in collector.came).decode(errors="replace")
    assert not [word for word in WORDS if word in shown]


def test_a_strangers_trace_is_not_believed(
    start: Callable[..., Flask], collector: Collector
) -> None:
    app = start(OTLP_ENDPOINT=f"http://127.0.0.1:{collector.port}")
    client = app.test_client()
    until = time.monotonic() + 20
    while app.extensions["tracing"].tracer is None and time.monotonic() < until:
        client.get("/ak")
        time.sleep(0.02)
    client.get("/help", headers={"Traceparent": TRACEPARENT})
    collector.wait(lambda found: any(span.name == "hello.help" for span in spans(found)))
    (span,) = [one for one in spans(collector) if one.name == "hello.help"]
    assert span.trace_id.hex() != TRACEPARENT.split("-")[1]


# When nobody listens, or a package is missing


def test_a_collector_that_never_answers_delays_nothing(start: Callable[..., Flask]) -> None:
    """It takes connections and says nothing: all requests are answered while it is tried."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        app = crashing(
            start(
                OTLP_ENDPOINT=f"http://127.0.0.1:{port}",
                SENTRY_DSN=f"http://key@127.0.0.1:{port}/1",
                PROPAGATE_EXCEPTIONS=False,
            )
        )
        client = app.test_client()
        for _ in range(200):  # more than the queue of reports holds
            assert client.get("/reset/x/crash").status_code == 500
        mute.settimeout(20)
        taken, _address = mute.accept()  # somebody was trying all the while
        taken.close()
        assert client.get("/help").status_code == 200


@pytest.mark.parametrize(
    ("name", "value", "package"),
    [("SENTRY_DSN", "https://key@sentry.example/1", "sentry_sdk"),
     ("OTLP_ENDPOINT", "http://127.0.0.1:4318", "opentelemetry")],
)  # fmt: skip
def test_a_package_that_is_missing_is_said_in_words(
    start: Callable[..., Flask],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    package: str,
) -> None:
    monkeypatch.setattr("frontdesk.settings.find_spec", lambda name: name == "psycopg" or None)
    said = f"{name}: the package {package} is missing. Install requirements-scale.txt."
    with pytest.raises(BadSetting, match=said):
        start(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [("SENTRY_DSN", "sentry.example"), ("OTLP_ENDPOINT", "localhost:4318"),
     ("METRICS_TOKEN", "short"), ("METRICS_TOKEN", "sixteen letters and spaces")],
)  # fmt: skip
def test_what_can_not_be_meant_stops_the_start(
    start: Callable[..., Flask], name: str, value: str
) -> None:
    with pytest.raises(BadSetting, match=name):
        start(**{name: value})
