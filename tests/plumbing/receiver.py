"""A site of one page, for test_receive.py: takes files, says what came, keeps what it can."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

from frontdesk.files.receive import Request, drain
from frontdesk.storage import LocalStorage, Storage

PLENTY = 1 << 50


def create_app(storage: Storage | None = None) -> Flask:
    store = storage or LocalStorage(Path(os.environ["RECEIVER_FOLDER"]))
    app = Flask(__name__)
    app.request_class = Request
    app.config["MAX_CONTENT_LENGTH"] = 1000  # so that a page which does not receive shows it
    app.config.update(MIN_UPLOAD_RATE=1000, RESUMABLE_RATE_WINDOW=1.0)

    @app.post("/up")
    def up() -> ResponseReturnValue:
        asked = cast(Request, request)
        limits = [request.args.get(name, PLENTY, int) for name in ("most", "budget")]
        asked.receive_into(store, *limits, request.args.get("min_free", 0, int))
        return jsonify(
            files=[described(file) for file in asked.files.getlist("the_file")],
            form=asked.form.to_dict(),
            cut_off=asked.cut_off,
            too_slow=asked.too_slow,
        )

    @app.post("/plain")
    def plain() -> ResponseReturnValue:
        return jsonify(form=request.form.to_dict(), files=list(request.files))

    @app.post("/early")
    def early() -> ResponseReturnValue:
        most = request.args.get("most", PLENTY, int)
        return jsonify(whole=drain(request, most, request.args.get("seconds", 5.0, float))), 413

    return app


def described(file: Any) -> dict[str, Any]:
    stream = file.stream
    if request.args.get("keep") and not stream.refused:
        stream.keep()
    return {
        "name": file.filename,
        "type": file.content_type,
        "id": str(stream.id),
        "size": stream.size,
        "sha256": stream.sha256,
        "refused": stream.refused,
        "head": stream.read(10).decode("latin-1"),
    }
