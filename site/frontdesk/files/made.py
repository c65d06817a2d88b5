"""What was made out of a blob, and what could not be: kept beside the database, by the blob's id.

``instance/previews/ab/UUID-NAME``. It may be removed at any time; it is then made again.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import current_app


def read(blob_id: UUID, name: str) -> bytes | None:
    """What is remembered under that name."""
    try:
        return path(blob_id, name).read_bytes()
    except FileNotFoundError:
        return None


def read_facts(blob_id: UUID, name: str) -> dict[str, Any] | None:
    """The same, of what was kept as JSON; None too where a power cut left half of it."""
    try:
        facts: dict[str, Any] = json.loads(read(blob_id, name) or b"")
    except ValueError:
        return None
    return facts


def keep(blob_id: UUID, name: str, data: bytes) -> None:
    """Remember it: all of it or nothing."""
    write(path(blob_id, name), data)


def write(place: Path, data: bytes) -> None:
    """Put ``data`` at ``place``, whose folder is made: whoever looks sees all of it or nothing."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = place.with_name(f".{secrets.token_hex(8)}")
    try:
        draft.write_bytes(data)
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)


def keep_facts(blob_id: UUID, name: str, **facts: Any) -> None:
    """Remember it as JSON."""
    keep(blob_id, name, json.dumps(facts).encode())


def forget(blob_id: UUID) -> None:
    """Remove all that was made of a blob."""
    for found in path(blob_id, "").parent.glob(f"{blob_id}-*"):
        found.unlink(missing_ok=True)


def path(blob_id: UUID, name: str) -> Path:
    """Where it lies, or would lie."""
    folder = Path(current_app.instance_path, "previews", blob_id.hex[:2])
    return folder / f"{blob_id}-{name}"
