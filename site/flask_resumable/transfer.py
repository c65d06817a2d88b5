"""One body into one upload: what may come, what is kept, what is promised."""

import errno
import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import errors
from .hooks import Hooks
from .protocol import fields
from .protocol.commands import Checksum, Piece
from .receiving import Body, Claimed, Intake, Received, Stalled, Stopped, TooMuch, Watch, sha256
from .settings import Settings
from .store import Held, Store

if TYPE_CHECKING:
    from .upload import Upload


def hasher_of(upload: "Upload", reread: int) -> Any:
    """Goes on where the last request stopped, or reads again what is not more than `reread`."""
    if upload.state or not upload.offset:
        try:
            return sha256(upload.state)
        except ValueError:
            pass  # from another kind of machine
    return _read_again(upload) if upload.offset <= reread else None


def _read_again(upload: "Upload") -> Any:
    hasher, buffer = sha256(), bytearray(1 << 20)
    with upload.path.open("rb") as file:
        left = upload.offset
        while left and (count := file.readinto(memoryview(buffer)[:left])):
            hasher.update(memoryview(buffer)[:count])
            left -= count
    return hasher


class Transfer:
    """`run()` once. The upload is in our hands meanwhile."""

    def __init__(
        self, held: Held, store: Store, settings: Settings, hooks: Hooks, piece: Piece, body: Body
    ) -> None:
        self.held, self.store, self.settings, self.hooks = held, store, settings, hooks
        self.piece, self.body, self.upload = piece, body, held.upload
        self.hasher = hasher_of(held.upload, settings.reread) if settings.sha256 else None
        self.checkers = {name: hashlib.new(name) for name in self._algorithms()}

    def _algorithms(self) -> tuple[str, ...]:
        if self.piece.checksum is not None:
            return (self.piece.checksum.algorithm,)
        return ("sha1", "sha256") if self.piece.trailer else ()

    def run(self) -> None:
        """Afterwards the upload's offset is raised, and `complete` is set if it is.

        :raise Refused: 400 413 408 409 460 507; what was promised until then is kept.
        """
        self._watch()
        self.held.open()  # gives back the room that an unacknowledged tail takes
        received = self._take(self._limit())
        if received.stopped:
            raise self._interrupted(received.stopped)
        self._conclude()

    def _take(self, limit: int | None) -> Received:
        """Receive, check, promise; what is not promised in the end is cut off at once."""
        try:
            received = self._receive(limit)
            self._verify()
            if received.offset != self.upload.offset:
                self.held.promise(received.offset, self._state())
        except BaseException:
            self.held.open()
            raise
        return received

    def _watch(self) -> None:
        settings = self.settings
        self.body.watch = Watch(
            settings.idle, settings.min_rate, settings.rate_window, self.held.wanted
        )

    def _limit(self) -> int | None:
        """How many bytes may come; what is said to be more is refused before it comes."""
        self._declare()
        whole = self.upload.length if self.upload.length is not None else self.settings.max_size
        limit = None if whole is None else whole - self.upload.offset
        announced = self.body.left or 0
        if limit is not None and announced > limit:
            raise errors.too_much() if self.upload.length is not None else errors.too_large(whole)
        if announced > self.store.room():
            raise errors.full()
        if self.upload.length is None:
            self._reserve(self.upload.offset + announced)
        return limit

    def _declare(self) -> None:
        """The length, told now: tus, creation-defer-length; IETF draft §4.1.3."""
        told = self._told()
        if told is None or told == self.upload.length:
            return
        maximum = self.settings.max_size
        if maximum is not None and told > maximum:
            raise errors.too_large(maximum)
        if self.upload.length is not None or told < self.upload.offset:
            raise errors.inconsistent()
        self._reserve(told)
        self.upload.length = told
        self.held.save()

    def _told(self) -> int | None:
        told = {self.piece.length}
        if self.piece.final and self.body.left is not None:
            told.add(self.piece.offset + self.body.left)
        told.discard(None)
        if len(told) > 1:
            raise errors.inconsistent()
        return told.pop() if told else None

    def _reserve(self, size: int) -> None:
        if self.hooks._reserve is not None:
            self.hooks._reserve(self.upload, size)

    def _receive(self, limit: int | None) -> Received:
        hashers = [hasher for hasher in (self.hasher, *self.checkers.values()) if hasher]
        intake = Intake(self.held.open(), self.upload.offset, limit, hashers)
        intake.every = self.settings.checkpoint
        intake.mark = None if self.checkers else self._mark
        intake.step = self._reserve if self.upload.length is None else None
        try:
            return intake.receive(self.body)
        except TooMuch:
            known = self.upload.length is not None
            raise errors.too_much() if known else errors.too_large(self.settings.max_size) from None

    def _state(self) -> bytes:
        return self.hasher.state() if self.hasher else b""

    def _mark(self, offset: int) -> Callable[[], None]:
        state = self._state()

        def promise() -> None:
            if not self.store.room():
                raise OSError(errno.ENOSPC, "The space kept free is reached")
            self.held.promise(offset, state)

        return promise

    def _verify(self) -> None:
        checksum = self.piece.checksum or self._trailing()
        if checksum is None:
            return
        if self.checkers[checksum.algorithm].digest() != checksum.value:
            raise errors.damaged(checksum.status)

    def _trailing(self) -> Checksum | None:
        if not self.piece.trailer:
            return None
        return fields.checksum(self.body.trailers().get("upload-checksum"))

    def _interrupted(self, stopped: Stopped) -> errors.Refused:
        self.body.abandon()
        if isinstance(stopped, Claimed):
            return errors.wrong_offset(self.upload.offset, self.piece.offset)
        return errors.Interrupted(408 if isinstance(stopped, Stalled) else 400)

    def _conclude(self) -> None:
        if self.piece.complete and self.upload.length is None:
            self.upload.length = self.upload.offset
        full = self.upload.length == self.upload.offset
        if self.piece.complete and not full:
            raise errors.inconsistent()
        if full and (self.piece.complete or not self.upload.explicit):
            self._complete()

    def _complete(self) -> None:
        self.upload.complete = True
        self.upload.sha256 = self.hasher.hexdigest() if self.hasher else None
        if self.upload.explicit or self.upload.partial:
            self.held.save()
