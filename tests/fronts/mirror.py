"""An extension that answers with what reached the site of a request: `GET /mirror`."""

from __future__ import annotations

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

from frontdesk.access import public


class Mirror:
    """Named in EXTENSIONS by the tests; it stands behind whatever server they start."""

    def init_app(self, app: Flask) -> None:
        app.add_url_rule("/mirror", "mirror", public(_show))


def _show() -> ResponseReturnValue:
    headers = {name: value for name, value in request.environ.items() if name.startswith("HTTP_")}
    return jsonify(
        address=request.remote_addr,
        secure=request.is_secure,
        host=request.host,
        root=request.root_path,
        url=request.url,
        headers=headers,
    )


mirror = Mirror()
