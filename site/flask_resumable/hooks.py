"""The places where an application has its say."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from flask import Request
from flask.typing import ResponseReturnValue

from .upload import Upload

Authorize = Callable[[Request, dict[str, str]], Any]
Access = Callable[[Request, Upload], bool]
Told = Callable[[Upload], Any]
Target = Callable[[Upload], Path | str]
Reserve = Callable[[Upload, int], Any]
Finished = Callable[[Upload], ResponseReturnValue | None]
Hook = TypeVar("Hook", bound=Callable[..., Any])


class Hooks:
    """Each is a decorator; the last function wins. A hook says no by raising (`flask.abort`)."""

    _authorize: Authorize | None = None
    _access: Access | None = None
    _continued: Told | None = None
    _created: Told | None = None
    _removed: Told | None = None
    _target: Target | None = None
    _reserve: Reserve | None = None
    _finished: Finished | None = None

    def authorize(self, function: Authorize) -> Authorize:
        """`function(request, metadata)`: may this request create an upload? False is 403."""
        self._authorize = function
        return function

    def access(self, function: Access) -> Access:
        """`function(request, upload)`: may it go on without the key? By default no."""
        self._access = function
        return function

    def continued(self, function: Told) -> Told:
        """`function(upload)` before each request to an upload, with its key or without.

        Say no there, when its owner may no more.
        """
        self._continued = function
        return function

    def created(self, function: Told) -> Told:
        """`function(upload)` before a new upload is kept: reserve its `length`, set its `note`."""
        self._created = function
        return function

    def reserve(self, function: Reserve) -> Reserve:
        """`function(upload, size)`: one without a length grows, and may now take `size` bytes."""
        self._reserve = function
        return function

    def target(self, function: Target) -> Target:
        """`function(upload)` is the path where the finished bytes go, on the same file system."""
        self._target = function
        return function

    def finished(self, function: Finished) -> Finished:
        """`function(upload)` takes over the bytes at `upload.path`; its response, if any, is the
        answer.

        It may be called again for the same upload, when a crash came in between: being called twice
        must do no harm. When it raises, the upload is not finished, and the client is not told so.
        """
        self._finished = function
        return function

    def removed(self, function: Told) -> Told:
        """`function(upload)`: an unfinished one is cancelled or expired; give back its room."""
        self._removed = function
        return function

    def tell(self, hook: Told | None, upload: Upload) -> None:
        """Call a hook if there is one."""
        if hook is not None:
            hook(upload)
