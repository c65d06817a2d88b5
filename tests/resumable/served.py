"""The app that the server tests run under gunicorn; its settings come from the environment."""

import json
import os
import time

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

from flask_resumable import Resumable, Upload, open_body

app = Flask(__name__, instance_path=os.environ["SERVED_FOLDER"])
app.config.update(json.loads(os.environ.get("SERVED_CONFIG", "{}")))
resumable = Resumable(app)


@resumable.finished
def finished(upload: Upload) -> None:
    """Slow or failing when the test asks for it."""
    if "fail" in upload.metadata:
        raise RuntimeError("The test wanted it")
    time.sleep(float(upload.metadata.get("slow", 0)))


@app.post("/count")
def count() -> ResponseReturnValue:
    """How many bytes the body has, read by the stream that form parsers may use."""
    with open_body(request.environ) as body:
        return jsonify(sum(len(piece) for piece in iter(lambda: body.read(65536) or b"", b"")))


@app.post("/form")
def form() -> ResponseReturnValue:
    """A form parser over the same stream."""
    with open_body(request.environ) as body:
        request.environ["wsgi.input"] = body
        return jsonify({name: len(file.read()) for name, file in request.files.items()})


@app.get("/pid")
def pid() -> ResponseReturnValue:
    """Which worker answered."""
    return jsonify(os.getpid())
