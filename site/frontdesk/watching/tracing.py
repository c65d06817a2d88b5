"""Spans for OpenTelemetry, if OTLP_ENDPOINT says where: requests, their statements, and jobs.

They are named by endpoints of ours and carry nothing of people. The package is loaded, and all is
sent, in threads beside the requests; what comes before that is not traced.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, Thread
from typing import Any

from flask import Flask, Response, current_app, g, has_app_context, request

from frontdesk.logs import asked_by
from frontdesk.watching import counts

EVERY = 1_000  # milliseconds from one sending to the next
PATIENCE = 5.0  # seconds that one sending may take
LONGEST = 1_000  # characters of a statement
SERVER, CLIENT = 1, 2  # OpenTelemetry's SpanKind


class Tracing:
    """One site's spans. ``tracer`` is there once the package is loaded in this process."""

    def __init__(self, endpoint: str, percent: int, trusts_proxy: bool) -> None:
        self.endpoint, self.percent = endpoint.rstrip("/") + "/v1/traces", percent
        self.trusts_proxy = trusts_proxy
        self.tracer: Any = None
        self._pid = 0
        self._lock = Lock()

    def begin(self) -> None:
        """Load it, once in each process: its threads would not outlive a fork."""
        if self._pid == os.getpid():
            return
        with self._lock:
            if self._pid != os.getpid():
                self._pid, self.tracer = os.getpid(), None
                Thread(target=self._load, name="tracing", daemon=True).start()

    def _load(self) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # each sending that failed
        provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(self.percent / 100)),
            resource=Resource.create({"service.name": "frontdesk"}),
            shutdown_on_exit=False,  # a stop would wait for a collector that has gone
        )
        exporter = OTLPSpanExporter(self.endpoint, timeout=PATIENCE)
        provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=EVERY))
        self.tracer = provider.get_tracer("frontdesk")

    def start_request(self) -> None:
        """The span of this request; a trusted proxy may have begun the trace."""
        self.begin()
        if self.tracer is None:
            return
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        facts = {"http.request.method": counts.method(), "request_id": g.get("request_id", "")}
        if request.url_rule is not None:
            facts["http.route"] = request.url_rule.rule
        came = dict(request.headers) if self.trusts_proxy else {}
        parent = TraceContextTextMapPropagator().extract(
            {name.lower(): value for name, value in came.items()}
        )
        g.span = self.tracer.start_span(counts.endpoint(), parent, self.kind(SERVER), facts)

    def kind(self, number: int) -> Any:
        from opentelemetry.trace import SpanKind

        return SpanKind(number)


def _of_app() -> Tracing | None:
    found: Tracing | None = current_app.extensions.get("tracing")
    return found


def statement(text: str, took: float) -> None:
    """The span of a statement that has just ended, below that of its request or job."""
    if not has_app_context():
        return
    tracing, parent = _of_app(), g.get("span")
    if tracing is None or tracing.tracer is None or parent is None:
        return
    from opentelemetry.trace import set_span_in_context

    end, words = time.time_ns(), " ".join(text.split())[:LONGEST]
    span = tracing.tracer.start_span(
        words.partition(" ")[0],
        set_span_in_context(parent),
        tracing.kind(CLIENT),
        {"db.query.text": words},
        start_time=end - int(took * 1e9),
    )
    span.end(end)


@contextmanager
def job(kind: str) -> Iterator[None]:
    """The span of a job, if spans are wanted."""
    if tracing := _of_app():
        tracing.begin()
        if tracing.tracer is not None:
            g.span = tracing.tracer.start_span(f"job {kind}", attributes={"request_id": asked_by()})
    try:
        yield
    finally:
        _end()


def _answer(response: Response) -> Response:
    if (span := g.get("span")) is not None:
        span.set_attribute("http.response.status_code", response.status_code)
        if response.status_code >= 500:
            from opentelemetry.trace import Status, StatusCode

            span.set_status(Status(StatusCode.ERROR))
    return response


def _end(error: BaseException | None = None) -> None:
    if (span := g.pop("span", None)) is not None:
        span.end()


def init_app(app: Flask) -> None:
    """Trace, if OTLP_ENDPOINT is set."""
    config = app.config
    if endpoint := config["OTLP_ENDPOINT"]:
        trusts = config["TRUSTED_PROXIES"] > 0
        tracing = app.extensions["tracing"] = Tracing(endpoint, config["TRACE_PERCENT"], trusts)
        app.before_request(tracing.start_request)
        app.after_request(_answer)
        app.teardown_request(_end)
