"""What an owner's monitoring sees: numbers, slow lines, errors, traces. All of it is ours to name.

What is counted, told or traced holds names of our own and never a person's: no name, no address,
no path, nothing that somebody typed.
"""

from __future__ import annotations

from flask import Flask, current_app

from frontdesk.watching import counts, sentry, slow, tracing

__all__ = ["counts", "failed", "init_app", "tracing"]


def failed(error: BaseException, where: str | None = None) -> None:
    """Count an error that nobody expected, and tell Sentry if it is set up."""
    where = where or counts.endpoint()
    counts.add("error", where, type(error).__name__)
    reporter: sentry.Reporter | None = current_app.extensions.get("sentry")
    if reporter is not None:
        reporter.tell(error, where)


def init_app(app: Flask) -> None:
    """Count from the first request on, and do what the settings ask for."""
    counts.init_app(app)
    slow.init_app(app)
    sentry.init_app(app)
    tracing.init_app(app)
