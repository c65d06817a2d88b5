"""The verbs: create, append, look, remove. Here the three parts meet."""

import contextlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore, Semaphore
from uuid import UUID, uuid4

from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from . import errors
from .hooks import Hooks
from .joining import mark
from .protocol.commands import Piece, Wish
from .receiving import Body
from .settings import Settings
from .store import Busy, Held, Missing, Store
from .transfer import Transfer, hasher_of
from .upload import Upload

Answer = ResponseReturnValue | None
Announce = Callable[[Upload], None]


class Uploads:
    """All verbs on one store. Each raises `Refused` for a no."""

    def __init__(
        self, store: Store, settings: Settings, hooks: Hooks, slots: Semaphore | None = None
    ) -> None:
        self.store, self.settings, self.hooks = store, settings, hooks
        own = BoundedSemaphore(settings.slots) if settings.slots else None
        self._slots = own if slots is None else slots

    def create(self, wish: Wish, body: Body, announce: Announce) -> tuple[Upload, Answer]:
        """A new upload, with the bytes that came along; before they are read, `announce`."""
        upload = self.begin(wish, wish.length)
        with self.hold(upload.id) as held:
            announce(held.upload)
            if wish.piece is None:
                return held.upload, self.finish_due(held)
            return held.upload, self._fill_first(held, wish.piece, body)

    def _fill_first(self, held: Held, piece: Piece, body: Body) -> Answer:
        """A refused creation leaves nothing behind; an interrupted one what arrived."""
        try:
            return self._fill(held, piece, body)
        except (errors.Refused, HTTPException) as no:
            begun = isinstance(no, errors.Interrupted) and held.upload.offset
            if not (begun or held.upload.due or held.upload.forgotten):
                self.forget(held)
            raise

    def append(self, upload_id: UUID, piece: Piece, body: Body) -> tuple[Upload, Answer]:
        """The bytes of `body` at `piece.offset`."""
        with self.hold(upload_id) as held:
            answer = self.finish_due(held)
            self._may_append(held.upload, piece)
            if held.upload.finished or held.upload.joined:
                self._nothing_more(body)
                return held.upload, answer
            return held.upload, self._fill(held, piece, body)

    @staticmethod
    def _nothing_more(body: Body) -> None:
        """A client that lost the last answer may ask again, with no bytes."""
        if body.read(1):
            raise errors.too_much()

    @staticmethod
    def _may_append(upload: Upload, piece: Piece) -> None:
        if upload.parts:
            raise errors.sealed()
        if upload.finished and piece.complete is not None:
            raise errors.completed()
        if piece.offset != upload.offset:
            raise errors.wrong_offset(upload.shown, piece.offset)

    def look(self, upload_id: UUID) -> Upload:
        """How it stands. One that a crash left all here but not taken over is finished now."""
        with self.hold(upload_id) as held:
            self.finish_due(held)
            return held.upload

    def remove(self, upload_id: UUID) -> None:
        """Cancel it; a finished one only loses its record, the bytes are the application's."""
        with self.hold(upload_id) as held:
            self.forget(held)

    def forget(self, held: Held) -> None:
        """Remove what is in our hands, and tell the application."""
        upload = held.upload
        held.remove()
        upload.forgotten = True
        if not upload.finished and not upload.joined:
            self.hooks.tell(self.hooks._removed, upload)

    def find(self, upload_id: UUID) -> Upload:
        """As it stands, without waiting.

        :raise Refused: 404
        """
        try:
            return self.store.find(upload_id)
        except Missing:
            raise errors.missing() from None

    @contextmanager
    def hold(self, upload_id: UUID, patience: float | None = None) -> Iterator[Held]:
        """The store's hold, with its noes in our words.

        :raise Refused: 404 423
        """
        seconds = self.settings.patience if patience is None else patience
        with contextlib.ExitStack() as stack:
            try:
                held = stack.enter_context(self.store.hold(upload_id, seconds))
            except Missing:
                raise errors.missing() from None
            except Busy:
                raise errors.busy() from None
            yield held

    def _fits(self, length: int | None) -> None:
        maximum = self.settings.max_size
        if length is not None and maximum is not None and length > maximum:
            raise errors.too_large(maximum)
        if (length or 0) > self.store.room():
            raise errors.full()

    def begin(self, wish: Wish, length: int | None, parts: Sequence[Held] = ()) -> Upload:
        """A new upload without a byte, made from `parts` or not.

        :raise Refused: 413 507, or what the application says
        """
        self._fits(length)
        upload = Upload(
            id=uuid4(),
            key=secrets.token_urlsafe(24),
            length=length,
            metadata=wish.metadata,
            said=wish.said,
            partial=wish.partial,
            parts=[part.address for part in wish.parts],
            explicit=wish.explicit,
            expected=wish.expected,
        )
        mark(parts, str(upload.id))
        self.hooks.tell(self.hooks._created, upload)
        try:
            self.store.create(upload)
        except BaseException:
            self.hooks.tell(self.hooks._removed, upload)
            raise
        return upload

    def _fill(self, held: Held, piece: Piece, body: Body) -> Answer:
        if self._slots is not None and not self._slots.acquire(blocking=False):
            raise errors.crowded()
        try:
            Transfer(held, self.store, self.settings, self.hooks, piece, body).run()
        finally:
            if self._slots is not None:
                self._slots.release()
        return self.finish_due(held)

    def finish_due(self, held: Held) -> Answer:
        """Give it to the application if it is all here and was not given yet."""
        return self._finish(held) if held.upload.due else None

    def _finish(self, held: Held) -> Answer:
        """Rename, both folders, then the application's one transaction, then the fact."""
        upload, target = held.upload, self._target(held.upload)
        if not upload.path.exists():  # a crash came between the rename and its record
            upload.path = target
        self._hash(upload)
        if upload.expected and upload.sha256 != upload.expected:
            self.forget(held)
            raise errors.damaged(400)
        upload.complete = True
        held.settle(target)
        answer = self.hooks._finished(upload) if self.hooks._finished else None
        upload.finished = True
        held.save()
        return answer

    def _hash(self, upload: Upload) -> None:
        """After a crash, from the kept state; a whole made of parts is read, if it is small."""
        if upload.sha256 is None and self.settings.sha256:
            hasher = hasher_of(upload, self.settings.reread)
            upload.sha256 = hasher.hexdigest() if hasher else None

    def _target(self, upload: Upload) -> Path:
        if self.hooks._target is not None:
            return Path(self.hooks._target(upload))
        return Path(self.settings.folder) / "finished" / str(upload.id)
