"""One thing that was looked at: how it is, and, where it isn't well, which line of which file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from flask_babel import gettext

OK, WARNING, WRONG = "ok", "warning", "wrong"


def _(words: str) -> str:
    """Marks words that a person may read; they are translated when they are shown."""
    return words


@dataclass(frozen=True, slots=True)
class Line:
    """What to write, and in which file; ``file`` may name a line of it."""

    file: str = ""
    line: str = ""


NO_LINE = Line()


@dataclass(frozen=True, slots=True)
class Finding:
    """``said`` and ``todo`` are sentences to be translated, with ``facts`` in their places.

    What was found stands somewhere between the job that found it and the page that shows it, so it
    must be plain data.
    """

    id: str
    level: str
    said: str
    todo: str = ""
    change: Line = NO_LINE
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """What was found, in the reader's language."""
        return str(gettext(self.said)) % self.facts

    @property
    def advice(self) -> str:
        """What to do, in the reader's language; empty where it is well."""
        return str(gettext(self.todo)) % self.facts if self.todo else ""

    @property
    def where(self) -> str:
        """Which file, in the reader's language where it has no path."""
        return str(gettext(self.change.file)) if self.change.file else ""


def ok(id: str, said: str, **facts: Any) -> Finding:
    """All is well."""
    return Finding(id, OK, said, facts=facts)


def warn(id: str, said: str, todo: str, change: Line = NO_LINE, **facts: Any) -> Finding:
    """It works, and could be better, or safer."""
    return Finding(id, WARNING, said, todo, change, facts)


def wrong(id: str, said: str, todo: str, change: Line = NO_LINE, **facts: Any) -> Finding:
    """Something doesn't work, or lets somebody do what they must not."""
    return Finding(id, WRONG, said, todo, change, facts)


def to_plain(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """For a file, to be read by :func:`from_plain`."""
    return [asdict(finding) for finding in findings]


def from_plain(plain: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """:raise TypeError, KeyError: if this is none, say of another version"""
    return [Finding(**{**one, "change": Line(**one["change"])}) for one in plain]


def worst(findings: Iterable[Finding]) -> str:
    """The level of them all."""
    levels = {finding.level for finding in findings}
    return next((level for level in (WRONG, WARNING) if level in levels), OK)
