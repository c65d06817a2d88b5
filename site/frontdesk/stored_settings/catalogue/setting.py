"""What the settings page knows of a setting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

Words = Any  # a str, or a lazy translation

LONGEST = 3_153_600_000  # seconds: a hundred years, which every date can bear
LARGEST = 10**18  # bytes, which both databases can count


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting that can be changed on the site.

    ``kind`` says how it is typed: bytes ("50 GB"), seconds ("10 minutes"), number, text, list (a
    line each), choice (of ``choices``), flag. ``least`` is what a number must be at least.
    ``pattern`` is narrower than what a file may say; ``example`` is what fits it. Where
    ``needs_restart``, the processes that run keep what they began with. What ``is_secret`` is
    written, sealed, and never shown.
    """

    name: str
    label: Words
    help: Words
    kind: str = "number"
    choices: tuple[tuple[str, Words], ...] = ()
    least: int = 0
    pattern: str = ""
    example: str = ""
    needs_restart: bool = False
    is_secret: bool = False


class Group(NamedTuple):
    """Settings that are changed together, on ``/admin/settings/KEY``."""

    key: str
    title: Words
    settings: tuple[Setting, ...]
