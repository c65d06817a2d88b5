"""Two addresses, seven methods, two protocols."""

from collections.abc import Callable
from threading import BoundedSemaphore
from typing import TYPE_CHECKING
from uuid import UUID

from flask import Blueprint, Response, current_app, jsonify, make_response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.http import HTTP_STATUS_CODES

from .errors import Refused, disk_limits
from .joining import join
from .protocol import answers, ietf, tus
from .protocol.commands import Piece, Wish
from .receiving import Body, Stopped, Watch, open_body
from .upload import Upload
from .uploads import Answer

if TYPE_CHECKING:
    from .extension import Resumable

Verb = Callable[[Body], Response]
RESTS = 16
"""In how many threads of a process the rest of a refused body is waited for: anybody can be
refused, and would hold them all by sending nothing more."""


def make_blueprint(resumable: "Resumable") -> Blueprint:
    """`/` creates, `/ID` is one upload."""
    blueprint = Blueprint("resumable", __name__)
    views = Views(resumable)
    blueprint.add_url_rule(
        "/",
        endpoint="collection",
        view_func=views.collection,
        methods=["OPTIONS", "POST"],
        strict_slashes=False,
        provide_automatic_options=False,
    )
    blueprint.add_url_rule(
        "/<uuid:upload_id>",
        endpoint="upload",
        view_func=views.upload,
        methods=["OPTIONS", "HEAD", "GET", "PATCH", "POST", "DELETE"],
        provide_automatic_options=False,
    )
    return blueprint


def _method() -> str:
    """tus, core, X-HTTP-Method-Override: the real method is ignored."""
    return request.headers.get("X-HTTP-Method-Override", request.method).upper()


class Views:
    """The blueprint's two views."""

    def __init__(self, resumable: "Resumable") -> None:
        self.resumable = resumable
        self._rests = BoundedSemaphore(RESTS)

    def collection(self) -> Response:
        """Create an upload."""
        verbs: dict[str, Verb] = {"OPTIONS": self._options, "POST": self._create}
        return self._answer(verbs)

    def upload(self, upload_id: UUID) -> Response:
        """One upload: how it stands, more of it, no more of it."""
        verbs: dict[str, Verb] = {
            "OPTIONS": self._options,
            "HEAD": lambda body: self._look(upload_id),
            "GET": lambda body: self._look(upload_id),
            "PATCH": lambda body: self._append(upload_id, body),
            "DELETE": lambda body: self._remove(upload_id),
        }
        return self._answer(verbs)

    def _answer(self, verbs: dict[str, Verb]) -> Response:
        """What the verb says; and in every case the body is read, or the connection closed."""
        self.resumable.keeper.recover_once()
        with open_body(request.environ) as body:
            try:
                tus.spoken(request)
                with disk_limits():
                    response = self._verb(verbs)(body)
            except Refused as refused:
                response = self._problem(refused)
            except HTTPException as error:
                response = self._http_problem(error)
            finally:
                self._drain(body)
        response.headers["Tus-Resumable"] = tus.VERSION
        return response

    @staticmethod
    def _verb(verbs: dict[str, Verb]) -> Verb:
        try:
            return verbs[_method()]
        except KeyError:
            raise MethodNotAllowed(valid_methods=list(verbs)) from None

    def _drain(self, body: Body) -> None:
        if body.left == 0:
            return
        if not self._rests.acquire(blocking=False):
            body.abandon()
            return
        settings = self.resumable.uploads.settings
        body.watch = Watch(idle=min(2.0, settings.drain_seconds))
        try:
            if not body.drain(settings.drain, settings.drain_seconds):
                body.abandon()
        except Stopped:
            body.abandon()
        finally:
            self._rests.release()

    def _problem(self, refused: Refused) -> Response:
        """RFC 9457; limits are told with a 413 (IETF draft §4.1.4)."""
        response = jsonify(
            type=refused.type,
            title=_title(refused.status),
            status=refused.status,
            detail=self.resumable.gettext(refused.detail),
            **refused.members,
        )
        response.status_code = refused.status
        response.content_type = "application/problem+json"
        response.headers.update(refused.headers | {"Cache-Control": "no-store"})
        if refused.status == 413:
            response.headers["Upload-Limit"] = answers.limit(self._max_size)
        return response

    def _http_problem(self, error: HTTPException) -> Response:
        """A hook's `abort(…)`, in the same shape unless it brought an answer of its own."""
        if error.response is not None:
            return make_response(error.response)
        response = self._problem(Refused(error.code or 500, error.description or ""))
        for name, value in error.get_headers():
            if name.lower() not in ("content-type", "content-length"):
                response.headers[name] = value
        return response

    @property
    def _max_size(self) -> int | None:
        return self.resumable.uploads.settings.max_size

    def _options(self, body: Body) -> Response:
        """What this site can do."""
        response = current_app.response_class(status=204)
        trailers = "gunicorn.socket" in request.environ
        response.headers.update(answers.options(self._max_size, trailers))
        return response

    def _create(self, body: Body) -> Response:
        """201 and the address; with the last byte, what the application says.

        Whoever has the keys of all parts may put them together: a log-in may have ended meanwhile.
        """
        wish = self._wish()
        uploads = self.resumable.uploads
        if wish.parts:
            upload, answer = join(uploads, wish)
        else:
            self.resumable.may_create(wish.metadata)
            upload, answer = uploads.create(wish, body, lambda new: self._announce(new, body))
        response = self._done(upload, answer, 201)
        if not (upload.explicit and "Location" in response.headers):
            response.headers["Location"] = self.resumable.address(upload)
        return response

    @staticmethod
    def _wish() -> Wish:
        if tus.spoken(request):
            return tus.wish(request)
        if ietf.spoken(request):
            return ietf.wish(request)
        raise tus.unspoken()

    def _announce(self, upload: Upload, body: Body) -> None:
        """104, so that a client can go on with what is cut off in its first request (§4.2.2)."""
        wanted = upload.explicit and body.left != 0 and ietf.direct(request)
        if wanted and self.resumable.uploads.settings.interim:
            headers = {
                "Location": self.resumable.address(upload),
                "Upload-Limit": answers.limit(self._max_size, upload),
            }
            body.interim("104 Upload Resumption Supported", headers)

    def _append(self, upload_id: UUID, body: Body) -> Response:
        """204; with the last byte, what the application says."""
        upload = self.resumable.may_continue(upload_id)
        upload, answer = self.resumable.uploads.append(upload.id, self._piece(), body)
        return self._done(upload, answer, 204)

    @staticmethod
    def _piece() -> Piece:
        if ietf.spoken(request) and not tus.spoken(request):
            return ietf.piece(request)
        if not tus.spoken(request):
            raise tus.unspoken()
        if request.mimetype != tus.CONTENT_TYPE:
            raise tus.wrong_type()
        return tus.piece(request)

    def _look(self, upload_id: UUID) -> Response:
        """HEAD for protocols, GET for those whose proxy blocks HEAD or drops headers."""
        upload = self.resumable.may_continue(upload_id)
        upload = self.resumable.uploads.look(upload.id)
        response = jsonify(answers.body(upload))
        response.headers.update(answers.facts(upload, self._max_size))
        return response

    def _remove(self, upload_id: UUID) -> Response:
        """tus, termination; IETF draft §4.5."""
        upload = self.resumable.may_continue(upload_id)
        self.resumable.uploads.remove(upload.id)
        return current_app.response_class(status=204)

    def _done(self, upload: Upload, answer: Answer, status: int) -> Response:
        response = make_response("" if answer is None else answer)
        if answer is None:
            response.status_code = status
            response.headers.pop("Content-Type", None)
        response.headers.update(answers.state(upload, self._max_size))
        return response


def _title(status: int) -> str:
    return HTTP_STATUS_CODES.get(status, "Checksum Mismatch")
