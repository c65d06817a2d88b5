"""A Flask extension for the browser tests: /fail/413 fails with 413, so that its page is seen."""

from __future__ import annotations

from flask import Flask, abort

from frontdesk.access import public
from frontdesk.forms import Refused


@public
def fail(status: int) -> str:
    if status == 500:
        raise RuntimeError("the browser tests asked for this")
    if status == 507:
        raise Refused("The disk is full", status=507)  # Werkzeug has no 507
    abort(status)


class Failing:
    """What EXTENSIONS names."""

    def init_app(self, app: Flask) -> None:
        app.add_url_rule("/fail/<int:status>", "failing.fail", fail)


failing = Failing()
