"""The one word that all parts share."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID


@dataclass
class Upload:
    """Bytes on their way in. Hooks get one; what they change in `note` is kept with it.

    `offset` is the promise: so many bytes are on disk and will never be asked for again. `length`
    is None until the client tells. `metadata` is what the client said, and may be any text: names
    in it are not safe as file names. `path` is where the bytes lie, in `finished` at their final
    place.
    """

    id: UUID
    key: str
    length: int | None = None
    offset: int = 0
    metadata: dict[str, str] = field(default_factory=dict)
    said: str = ""
    """`Upload-Metadata` as it came, for tus clients ask to see it again."""
    partial: bool = False
    """A part of a file to be, for tus' concatenation."""
    parts: list[str] = field(default_factory=list)
    """The addresses that this upload was made from."""
    joined: str = ""
    """The upload that this part went into."""
    explicit: bool = False
    """Complete only when the client says so (IETF), not by its length alone (tus)."""
    complete: bool = False
    """All bytes are here."""
    finished: bool = False
    """The application has taken it over."""
    expected: str = ""
    """The SHA-256 that the client announced for the whole, in hex."""
    sha256: str | None = None
    """The SHA-256 of the whole, when it could be computed in passing."""
    note: dict[str, Any] = field(default_factory=dict)
    """The application's own, JSON."""
    created: float = field(default_factory=time.time)
    expires: float = 0.0
    state: bytes = b""
    """Of the hash at `offset`, so that another process can go on."""
    path: Path = Path()
    forgotten: bool = False

    @property
    def filename(self) -> str:
        """As the client calls it, or nothing; never trust it as a path."""
        return self.metadata.get("filename") or self.metadata.get("name") or ""

    @property
    def expired(self) -> bool:
        """Its time is over; it may be removed at any moment."""
        return bool(self.expires) and time.time() > self.expires

    @property
    def seconds_left(self) -> int:
        """Until it expires."""
        return max(0, int(self.expires - time.time()))

    @property
    def due(self) -> bool:
        """All bytes are here, but the application has not taken them over yet."""
        full = self.complete or (self.length == self.offset and not self.explicit)
        return full and not self.finished and not self.partial

    @property
    def shown(self) -> int:
        """The offset that a client may see: never the length before the application has it.

        One prototype showed it; an injected error on rename then made the client believe that it
        was done, and the file was 404 for ever.
        """
        return 0 if self.due else self.offset
