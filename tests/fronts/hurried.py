"""An extension that measures MIN_UPLOAD_RATE over two seconds, and drains for one."""

from __future__ import annotations

from flask import Flask

from flask_resumable import Resumable
from frontdesk.files import receive


class Hurried:
    """Named in EXTENSIONS by the tests that wait until it bites."""

    def init_app(self, app: Flask) -> None:
        app.config["RESUMABLE_RATE_WINDOW"] = 2.0
        receive.LONGEST_DRAIN = 1.0
        Resumable.renew(app)


hurried = Hurried()
