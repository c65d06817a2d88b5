"""A restore that didn't come to its end: the site must not start on it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from frontdesk.named import BadSetting

NAME, LOCK = "restoring", ".backing-up"  # one backup or restore at a time


def put(instance: Path, places: str) -> None:
    """From now on the site doesn't start; it outlasts a power cut. ``places`` are being filled."""
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (instance / NAME).open("w") as file:
        file.write("A restore began here, and hasn't ended. Run flask restore again.\n")
        file.write(f"{_digest(places)}\n")
        file.flush()
        os.fsync(file.fileno())
    sync(instance)


def remove(instance: Path) -> None:
    """All is there and verified."""
    (instance / NAME).unlink()
    sync(instance)


def is_there(instance: Path) -> bool:
    return (instance / NAME).exists()


def is_of(instance: Path, places: str) -> bool:
    """Whether the restore that began here was filling these ``places``."""
    return is_there(instance) and _digest(places) in (instance / NAME).read_text()


def _digest(places: str) -> str:
    return hashlib.sha256(places.encode()).hexdigest()  # they may hold a password


def refuse(instance: Path) -> None:
    """:raise BadSetting: if a restore began here and didn't end"""
    if is_there(instance):
        raise BadSetting(
            f"A restore into {instance} didn't come to its end, so not all files are there. Run "
            "flask restore again, or empty that folder."
        )


def sync(folder: Path) -> None:
    """Names in it outlast a power cut."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
