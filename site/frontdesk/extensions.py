"""Extensions named in EXTENSIONS join the site: each gets ``init_app(app)``."""

from __future__ import annotations

from flask import Flask

from frontdesk.named import find


def init_app(app: Flask) -> None:
    """:raise BadSetting: if one can't be imported"""
    for target in app.config["EXTENSIONS"]:
        find(target).init_app(app)
        app.logger.debug("Extension %s is live", target)  # `flask user list` prints only names
