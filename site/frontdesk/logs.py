"""Log lines: JSON in production, text in development, each with its request's id."""

from __future__ import annotations

import logging
import re
import sys
import time
import uuid
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog
from flask import Flask, Response, g, has_request_context, request
from flask_login import current_user
from structlog.contextvars import (
    bind_contextvars,
    clear_contextvars,
    get_contextvars,
    merge_contextvars,
)
from structlog.processors import (
    ExceptionRenderer,
    JSONRenderer,
    TimeStamper,
    UnicodeDecoder,
    add_log_level,
)
from structlog.stdlib import ExtraAdder, ProcessorFormatter
from structlog.tracebacks import ExceptionDictTransformer

from frontdesk.settings import flask_command

REQUEST_ID = re.compile(r"[\w.-]{8,64}")
# Secrets that stand in an address: of the set-up, a letter, an invite, a link, also to revoke it.
PLACES_OF_SECRETS = (
    r"(/+(?:setup|reset|invite|confirm|address|s|r|profile/+export)"
    r"|/+file/+[^/]+/+change/+link)/+"
)
SECRET_PATHS = re.compile(f"^{PLACES_OF_SECRETS}[^/]+")
SECRETS = re.compile(rf"{PLACES_OF_SECRETS}[^/\s?'\"]+")  # anywhere in a text

_lines = structlog.get_logger("frontdesk.request")


def request_id() -> str:
    """This request's id; a trusted proxy's own if it sent a usable one."""
    if "request_id" not in g:
        given = request.headers.get("X-Request-ID", "")
        g.request_id = (
            given if g.get("trusts_proxy") and REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        )
    return str(g.request_id)


def asked_by() -> str:
    """The id of the request that is behind this, also in a job that it asked for."""
    return str(get_contextvars().get("request_id", ""))


def shown_path() -> str:
    """Where this request goes, without the secret that may stand there."""
    return SECRET_PATHS.sub(r"\1/…", request.path)


class NoSecretPaths(logging.Filter):
    """Takes the secret out of the line that Flask writes of a crash: it names the address."""

    def filter(self, record: logging.LogRecord) -> bool:
        if has_request_context() and isinstance(record.msg, str):
            record.msg = record.msg.replace(request.path, shown_path())
        return True


class Lines:
    """Where lines go. One that can't be written, as on a full disk, is lost; nobody's answer is."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def _begin(trusts_proxy: bool) -> None:
    g.trusts_proxy, g.began = trusts_proxy, time.perf_counter()
    clear_contextvars()
    bind_contextvars(request_id=request_id())


def _end(response: Response) -> Response:
    response.headers["X-Request-ID"] = request_id()
    if request.endpoint != "static":
        _lines.info(
            "request",
            method=request.method,
            path=shown_path(),
            status=response.status_code,
            ms=round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1),
            bytes=response.headers.get("Content-Length", type=int),
            member=str(current_user.id) if _is_known() else None,
            address=request.remote_addr,
        )
    return response


def _is_known() -> bool:
    """Whether this request has loaded its member; asking would cost the others a query."""
    return "_login_user" in g and current_user.is_authenticated


def _processors(as_json: bool) -> tuple[list[Any], Any]:
    shared: list[Any] = [merge_contextvars, add_log_level, TimeStamper("iso", utc=True)]
    if not as_json:
        return shared, structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    # show_locals would write cookies and passwords into the log.
    shared.append(ExceptionRenderer(ExceptionDictTransformer(show_locals=False)))
    return [*shared, UnicodeDecoder()], JSONRenderer(ensure_ascii=False)


def _is_command() -> bool:
    """Whether this is ``flask …``, but for what serves or works until it is stopped."""
    words = sys.argv[1:]
    return flask_command(*words) and not flask_command("run", "worker")


def init_app(app: Flask) -> None:
    """Send ``app.logger``, libraries' loggers and request lines to standard output.

    Those of a command go to standard error: its output may be JSON, or a backup.
    """
    chosen = app.config["LOG_FORMAT"]
    is_development = app.debug or app.testing or flask_command("run")
    as_json = chosen == "json" or (chosen == "auto" and not is_development)
    level = logging.getLevelNamesMapping()[app.config["LOG_LEVEL"].upper()]
    shared, renderer = _processors(as_json)
    lines = cast(TextIO, Lines(sys.stderr if _is_command() else sys.stdout))
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(lines),
        cache_logger_on_first_use=not app.testing,
    )
    handler = logging.StreamHandler(lines)
    handler.setFormatter(
        ProcessorFormatter(
            processors=[ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=[*shared[:1], ExtraAdder(), *shared[1:]],
        )
    )
    root = logging.getLogger()
    for old in [old for old in root.handlers if getattr(old, "is_ours", False)]:
        root.removeHandler(old)
    handler.is_ours = True  # type: ignore[attr-defined]
    root.addHandler(handler)
    app.logger.handlers.clear()
    app.logger.addFilter(NoSecretPaths())
    app.logger.setLevel(level)
    trusts_proxy = app.config["TRUSTED_PROXIES"] > 0
    app.before_request(lambda: _begin(trusts_proxy))
    app.after_request(_end)
