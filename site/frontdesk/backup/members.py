"""What a backup holds, and its manifest: one line a member, written last, sealed by its own hash.

Names are ``instance/config.py``, ``instance/secret-key``, ``instance/theme/…``, ``database.db`` or
``database.dump``, ``uploads/UUID`` with ``.lock`` and ``.json``, and ``blobs/UUID``. A manifest is
JSON lines: what the backup is, its members, and an end that counts them.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO

FORMAT = 1
MANIFEST = "manifest.jsonl"
_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_NAME = re.compile(
    rf"blobs/{_UUID}|uploads/{_UUID}(\.lock|\.json)?|database\.(db|dump)"
    r"|instance/(config\.py|secret-key|theme(/(?!\.\.?(/|$))[^/\0]+)+)"
)


_OBJECT = re.compile(r"([0-9a-f]{64}(\.age)?)?")
KINDS = {"size": int, "format": int, "encrypted": bool, "counts": dict}  # all else is text


class Damaged(Exception):
    """A backup isn't whole, or isn't one; the message is a sentence."""


@dataclass(slots=True, frozen=True)
class Item:
    """Something to be kept: ``size`` bytes of what ``open`` gives.

    ``sha256`` is what they must have, where somebody knows. ``grows`` if more may follow them.
    """

    name: str
    size: int
    open: Callable[[], BinaryIO]
    sha256: str = ""
    grows: bool = False


@dataclass(slots=True, frozen=True)
class Member:
    """Something that was kept. ``damaged`` says why it isn't what it should be; ``sha256`` is empty
    where nothing of it could be read. ``kept_as`` is its name in a folder of backups.
    """

    name: str
    size: int
    sha256: str
    damaged: str = ""
    kept_as: str = ""


@dataclass(slots=True)
class Header:
    """What a backup is. ``counts`` are of rows."""

    made_at: str
    version: str
    revision: str
    database: str
    encrypted: bool
    counts: dict[str, int] = field(default_factory=dict)
    format: int = FORMAT


class Writer:
    """Writes a manifest, line by line, into ``out``."""

    def __init__(self, out: BinaryIO) -> None:
        self._out, self._hash = out, hashlib.sha256()
        self.members = self.bytes = 0
        self.damaged, self.left_out = list[Member](), list[str]()

    def begin(self, header: Header) -> None:
        self._line(asdict(header))

    def add(self, member: Member) -> None:
        facts = {name: value for name, value in asdict(member).items() if value != ""}
        self._line(facts)
        self.members, self.bytes = self.members + 1, self.bytes + member.size
        if member.damaged:
            self.damaged.append(member)

    def end(self, left_out: list[str]) -> None:
        """``left_out`` says what isn't in it."""
        self.left_out = left_out
        self._line({"left_out": left_out})
        facts = {"members": self.members, "bytes": self.bytes, "sha256": self._hash.hexdigest()}
        self._line({"end": facts})

    def _line(self, facts: dict[str, Any]) -> None:
        line = json.dumps(facts, ensure_ascii=True).encode() + b"\n"
        self._hash.update(line)
        self._out.write(line)


def read(source: Iterable[bytes]) -> tuple[Header, Iterator[Member]]:
    """The header, and the members as they are asked for.

    :raise Damaged: if it isn't whole; for that all members must have been asked for
    """
    hashed, lines = hashlib.sha256(), iter(source)
    first = _parsed(next(lines, b""))
    header = _header(first)
    hashed.update(_line_of(first))
    return header, _members(lines, hashed)


def _header(facts: dict[str, Any]) -> Header:
    if facts.get("format") != FORMAT:
        raise Damaged("It was made by another version of Frontdesk, or is no backup of it.")
    with suppress(TypeError):  # too many facts, or too few
        if _is_typed(facts):
            return Header(**facts)
    raise Damaged("The first line of its manifest can't be read.")


def _is_typed(facts: dict[str, Any]) -> bool:
    """Whether each fact is of its kind; it is used as that."""
    counts = facts.get("counts", {})
    return all(type(fact) is KINDS.get(name, str) for name, fact in facts.items()) and all(
        type(count) is int for count in counts.values()
    )


def _members(lines: Iterator[bytes], hashed: Any) -> Iterator[Member]:
    for line in lines:
        facts = _parsed(line)
        if "end" in facts:
            if not _is_end(facts["end"], hashed.hexdigest()):
                raise Damaged("Its manifest was changed.")
            return
        hashed.update(_line_of(facts))
        if "left_out" not in facts:
            yield _member(facts)
    raise Damaged("The end of its manifest is missing.")


def _is_end(facts: Any, sha256: str) -> bool:
    return isinstance(facts, dict) and facts.get("sha256") == sha256


def _member(facts: dict[str, Any]) -> Member:
    try:
        member = Member(**{"sha256": "", **facts})
    except TypeError as error:
        raise Damaged("A line of its manifest can't be read.") from error
    if not (_is_typed(facts) and _OBJECT.fullmatch(member.kept_as)):
        raise Damaged("A line of its manifest can't be read.")
    check_name(member.name)
    return member


def check_name(name: str) -> None:
    """:raise Damaged: if it isn't one of ours: no name leads out of the folders meant for them"""
    if not _NAME.fullmatch(name):
        raise Damaged(f"It holds “{name[:80]}”, which is none of ours.")


def _line_of(facts: dict[str, Any]) -> bytes:
    return json.dumps(facts, ensure_ascii=True).encode() + b"\n"


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        facts = json.loads(line)
    except (ValueError, RecursionError):
        facts = None
    if not isinstance(facts, dict):
        raise Damaged("A line of its manifest can't be read.")
    return facts


def of_bytes(name: str, data: bytes) -> Item:
    """Something small that is in memory already."""
    return Item(name, len(data), lambda: io.BytesIO(data), hashlib.sha256(data).hexdigest())
