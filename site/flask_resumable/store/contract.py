"""What a store must do. `tests/resumable/test_store.py` runs the same test on each one."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol
from uuid import UUID

from ..upload import Upload


class Missing(LookupError):
    """There is no such upload (any more)."""


class Busy(Exception):
    """Another connection holds the upload and did not let go in time."""


class Held(Protocol):
    """One upload in the hands of one request, across all processes. Gone when the `with` ends."""

    upload: Upload

    def open(self) -> int:
        """A file descriptor at the promised offset; the unacknowledged tail is cut off."""

    def promise(self, offset: int, state: bytes) -> None:
        """Make the bytes durable, then raise the offset durably, in this order."""

    def save(self) -> None:
        """Keep what was changed in `upload`, durably and all at once."""

    def wanted(self) -> bool:
        """Somebody else waits for this upload; cheap enough to ask four times a second."""

    def settle(self, target: Path) -> None:
        """Move the bytes to their final place, durably and in O(1); doing it again is harmless."""

    def join(self, parts: Sequence[UUID]) -> None:
        """Fill this new upload with the bytes of others, in this order."""

    def discard(self) -> None:
        """Let the bytes go and keep the record, for a part whose bytes live on in a whole."""

    def remove(self) -> None:
        """Forget the upload, and its bytes unless they are settled."""


class Store(Protocol):
    """A keeper of uploads. All failures of the disk are `OSError`."""

    def create(self, upload: Upload) -> None:
        """Keep a new upload durably."""

    def find(self, upload_id: UUID) -> Upload:
        """As it stands, without waiting for whoever holds it.

        :raise Missing: there is none.
        """

    def hold(self, upload_id: UUID, patience: float) -> AbstractContextManager[Held]:
        """Take hold of it within `patience` seconds, asking a present holder to let go.

        :raise Missing: there is none.
        :raise Busy: the holder did not let go.
        """

    def ids(self) -> Iterator[UUID]:
        """All uploads, in no order."""

    def room(self) -> int:
        """How many bytes it may still take."""

    def sweep(self, age: float) -> int:
        """Remove what no upload owns and is older than `age` seconds; how many files that were."""
