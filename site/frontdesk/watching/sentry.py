"""Errors that nobody expected go to Sentry, if SENTRY_DSN says where; nothing of people does.

All of it is done beside the request, in a thread of each process that has something to tell: even
loading the package, which takes a second. When nobody listens there, what doesn't fit is dropped.
"""

from __future__ import annotations

import logging
import os
from queue import Full, Queue
from threading import Lock, Thread
from typing import Any, cast

from flask import Flask, g, has_request_context

from frontdesk.watching import counts
from frontdesk.watching.redaction import scrub

MOST_WAITING = 50
PATIENCE = 5.0  # seconds that one report may take
Report = tuple[BaseException, dict[str, str]]


class Reporter:
    """Tells one site's errors."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._pid = 0
        self._lock = Lock()
        self._waiting: Queue[Report] = Queue()

    def tell(self, error: BaseException, where: str) -> None:
        """Have ``error`` told, soon."""
        if self._pid != os.getpid():
            self._begin()
        try:
            self._waiting.put_nowait((error, _facts(where)))
        except Full:
            counts.add("error", where, "report dropped")

    def _begin(self) -> None:
        with self._lock:
            if self._pid != os.getpid():
                self._waiting, self._pid = Queue(MOST_WAITING), os.getpid()
                Thread(target=self._send, args=[self._waiting], name="sentry", daemon=True).start()

    def _send(self, waiting: Queue[Report]) -> None:
        client = self._client()
        while True:
            error, facts = waiting.get()
            client.capture_event(*_event(client, error, facts))
            del error  # it holds on to all that its frames do

    def _client(self) -> Any:
        from sentry_sdk import Client

        logging.getLogger("sentry_sdk.errors").setLevel(logging.CRITICAL)  # each lost report
        return Client(
            dsn=self.dsn,
            default_integrations=False,  # they would add requests, cookies, host and user names
            auto_enabling_integrations=False,
            include_local_variables=False,
            max_breadcrumbs=0,
            max_request_body_size="never",
            send_client_reports=False,
            auto_session_tracking=False,
            before_send=cast(Any, scrub),
            shutdown_timeout=0,
        )


def _event(client: Any, error: BaseException, facts: dict[str, str]) -> tuple[Any, Any]:
    from sentry_sdk.utils import event_from_exception

    event, hint = event_from_exception(error, client_options=client.options)
    return {**event, "tags": facts}, hint


def _facts(where: str) -> dict[str, str]:
    """What joins a report with the log: names of ours, and the request's id."""
    facts = {"endpoint": where}
    if has_request_context():
        facts |= {"method": counts.method(), "request_id": g.get("request_id", "")}
    return facts


def init_app(app: Flask) -> None:
    """Tell errors, if SENTRY_DSN is set."""
    if dsn := app.config["SENTRY_DSN"]:
        app.extensions["sentry"] = Reporter(dsn)
