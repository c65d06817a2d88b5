"""What a request asks for, in no protocol's words."""

from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True)
class Checksum:
    """Of the content of one request; a mismatch is answered with `status`."""

    algorithm: str
    value: bytes
    status: int


@dataclass(frozen=True)
class Part:
    """Another upload, named by its address."""

    id: UUID
    key: str
    address: str


@dataclass(frozen=True)
class Piece:
    """Bytes to append at `offset`.

    `length` is that of the whole, if told. `complete` is what the client says of the whole: None
    means that its length decides. `trailer` names a checksum that comes after the content.
    """

    offset: int = 0
    length: int | None = None
    complete: bool | None = None
    checksum: Checksum | None = None
    trailer: bool = False
    final: bool = False
    """The content is the rest of the whole, so that a Content-Length tells the length."""


@dataclass(frozen=True)
class Wish:
    """An upload to create, perhaps with its first bytes in `piece`."""

    length: int | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    said: str = ""
    partial: bool = False
    parts: tuple[Part, ...] = ()
    explicit: bool = False
    expected: str = ""
    piece: Piece | None = None
