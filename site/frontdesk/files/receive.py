"""Take a form with files in: straight to the disk they stay on, within limits, cut off or not."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any

import flask
from flask.typing import ResponseReturnValue
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import BadRequest, ServiceUnavailable
from werkzeug.formparser import FormDataParser

from flask_resumable import open_body
from flask_resumable.receiving import Body, Stalled, Watch
from frontdesk.files.parts import Intake, Parser

if TYPE_CHECKING:
    from frontdesk.storage import Storage

BLOCK = 256 * 1024
# Of a worker's 64 threads so many may wait for what visitors send; the rest are for pages. UPLOADS
# are for files on every way: in forms, from programs, and in pieces.
UPLOADS, FORMS, DRAINS = (threading.BoundedSemaphore(most) for most in (32, 16, 8))
LONGEST_WAIT = 0.25  # seconds for such a place
# A form without files on their way to storage: seconds, and bytes a second on top.
SLOWEST_FORM, SLOWEST_RATE = 20.0, 50_000
IDLE = 2.0  # seconds of silence after which the rest of a refused body is not waited for
MOST_DRAINED, LONGEST_DRAIN = 64 * 1024 * 1024, 10.0  # bytes and seconds; then the line is cut


class Request(flask.Request):
    """Flask's request, until :meth:`receive_into` says where its files shall go."""

    _intake: Intake | None = None

    def receive_into(
        self, storage: Storage, max_file_size: int, budget: int, min_free: int
    ) -> Intake:
        """From now on ``files`` are :class:`Staged` streams, in storage already.

        Sizes are bytes; ``budget`` is shared by all files of the request. A file that broke a
        limit has ``stream.refused``: ``too_large``, ``no_space`` (the budget) or ``disk_full``,
        and no bytes; the others go on. What is not kept is gone when the request ends.
        ``room`` of the answer may be set to ask again, now and then, what is left of the budget.

        :raise RuntimeError: if the form was parsed already, say by a CSRF check
        """
        if "form" in self.__dict__:
            raise RuntimeError("receive_into() comes before anything reads request.form")
        self._intake = Intake(storage, max_file_size, budget, min_free)
        return self._intake

    @property
    def too_slow(self) -> bool:
        """Whether the body was cut off by us, since next to nothing came for half a minute."""
        return self.cut_off and isinstance(self._intake.why if self._intake else None, Stalled)

    @property
    def cut_off(self) -> bool:
        """Whether the body broke off; ``form`` and ``files`` hold what arrived complete."""
        return bool(self._intake and self.files is not None and self._intake.cut_off)

    @property
    def max_content_length(self) -> int | None:
        """None while files go to storage, for these have limits of their own."""
        return None if self._intake else super().max_content_length

    @max_content_length.setter
    def max_content_length(self, value: int | None) -> None:
        self._max_content_length = value

    def _load_form_data(self) -> None:
        """:raise 503: if too many others are sending slowly just now"""
        if "form" in self.__dict__:
            return
        slots = UPLOADS if self._intake else FORMS
        if not slots.acquire(timeout=LONGEST_WAIT):
            raise ServiceUnavailable
        try:
            with self.open_stream() if self._intake else self._hurried():
                super()._load_form_data()
        finally:
            slots.release()

    def open_stream(self) -> Body:
        """The body straight from the server's socket, for whoever streams it to storage."""
        config = flask.current_app.config
        least, window = config.get("MIN_UPLOAD_RATE", 0), config.get("RESUMABLE_RATE_WINDOW", 30.0)
        body = open_body(self.environ, Watch(rate=least, window=window))
        self.__dict__["stream"] = body
        return body

    def _hurried(self) -> AbstractContextManager[None]:
        most = min(self.content_length or 0, self.max_content_length or 0)
        return _hanging_up(self.environ, SLOWEST_FORM + most / SLOWEST_RATE)

    def make_form_data_parser(self) -> FormDataParser:
        if self._intake is None:
            return super().make_form_data_parser()
        return Parser(self._intake, self.max_form_memory_size, self.parameter_storage_class)

    def close(self) -> None:
        super().close()
        if self._intake:
            self._intake.close()


def init_app(app: flask.Flask) -> None:
    """Let requests of ``app`` stream their files, and let browsers see why one was refused."""
    app.request_class = Request
    app.after_request(_drain_refused)
    app.register_error_handler(ParseException, _say_no)


def _say_no(problem: Exception) -> ResponseReturnValue:
    """To a body with broken chunks: gunicorn finds them only while we read, and it isn't our fault.

    The line is closed by gunicorn, which can't tell where the next request would begin.
    """
    return flask.current_app.handle_user_exception(BadRequest())


def _drain_refused(response: flask.Response) -> flask.Response:
    """After a refusal read what the browser still sends: else it sees a broken connection."""
    if flask.g.get("body_is_read"):
        return response
    was_refused = response.status_code >= 400 and flask.request.method in {"POST", "PUT", "PATCH"}
    if was_refused and not _drained():
        response.headers["Connection"] = "close"
    return response


def _drained() -> bool:
    if not DRAINS.acquire(blocking=False):
        # gunicorn would drain it itself, 5 s long: it ignores an application's Connection.
        if connection := flask.request.environ.get("gunicorn.socket"):
            _shut(connection)
        return False
    try:
        return drain(flask.request, MOST_DRAINED, LONGEST_DRAIN)
    finally:
        DRAINS.release()


def drain(request: flask.Request, most_bytes: int, most_seconds: float) -> bool:
    """Read and drop what is left of the body; True if that was all of it.

    An answer that comes while the client still sends becomes a 502 behind nginx and a reset
    connection in a browser.
    """
    stream = request.__dict__.get("stream")
    if stream is not None and not isinstance(stream, Body):
        if request.environ.get("wsgi.input_terminated"):
            stream = request.environ["wsgi.input"]  # Werkzeug's own ends where a form may end
        return _drain_plain(stream, request.environ, most_bytes, most_seconds)
    with stream or open_body(request.environ) as body, suppress(Exception):
        body.watch = Watch(idle=min(IDLE, most_seconds))
        return body.drain(most_bytes, most_seconds)
    return False  # cut off (servers have errors of their own for that), too long or too slow


def _drain_plain(
    stream: IO[bytes], environ: dict[str, Any], most_bytes: int, most_seconds: float
) -> bool:
    """The same where Werkzeug has begun to read."""
    ends = time.monotonic() + most_seconds
    with suppress(Exception), _hanging_up(environ, most_seconds):
        while time.monotonic() < ends:
            block = stream.read(max(0, min(BLOCK, most_bytes)))
            if not block:
                return most_bytes > 0
            most_bytes -= len(block)
    return False


@contextmanager
def _hanging_up(environ: dict[str, Any], seconds: float | None) -> Iterator[None]:
    """End a read that lasts longer: a byte now and then would hold this thread for ever.

    Only gunicorn shows us its socket. Shut for reading it still takes the answer.
    """
    connection = environ.get("gunicorn.socket")
    if connection is None or seconds is None:
        yield
        return
    # Not connection.shutdown: that of an SSLSocket forgets the encryption.
    timer = threading.Timer(seconds, _shut, [connection])
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # the other side was quicker
        socket.socket.shutdown(connection, socket.SHUT_RD)
