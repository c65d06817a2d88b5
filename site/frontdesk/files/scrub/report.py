"""What a scrub has looked at and found, for programs and in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import current_app

from frontdesk.files.scrub.invariants import Finding

MOST_TOLD = 100  # findings of one kind; the others are counted


@dataclass(slots=True)
class Report:
    """What was looked at, and what was found: nothing, if all is well.

    ``before`` is how many blobs an interrupted scrub had read already, ``repaired`` whose bytes
    a backup brought back, ``books`` how many findings are of the books, not of blobs' bytes.
    """

    blobs: int = 0
    bytes: int = 0
    before: int = 0
    repaired: int = 0
    books: int = 0
    seconds: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        self.counts[finding.kind] += 1
        if self.counts[finding.kind] <= MOST_TOLD:
            self.findings.append(finding)


def as_json(report: Report) -> dict[str, Any]:
    """What ``flask scrub --json`` prints; docs/upkeep.md tells what the fields mean."""
    return {
        "clean": not report.findings,
        "blobs": report.blobs,
        "bytes": report.bytes,
        "before": report.before,
        "repaired": report.repaired,
        "seconds": report.seconds,
        "counts": dict(report.counts),
        "findings": [
            {"kind": one.kind, "subject": one.subject, "says": one.says} for one in report.findings
        ],
    }


def told(tell: Callable[[str], None], report: Report) -> None:
    """The same in sentences."""
    for finding in report.findings:
        tell(finding.says)
    for kind, count in report.counts.items():
        if count > MOST_TOLD:
            tell(f"… and {count - MOST_TOLD} more of {kind}.")
    _tell_counts(tell, report)
    current_app.logger.info("scrub: %d findings", report.counts.total())


def _tell_counts(tell: Callable[[str], None], report: Report) -> None:
    if report.before:
        tell(f"{report.before} blobs were read before it was interrupted.")
    if report.repaired:
        tell(f"{report.repaired} blobs have their bytes back from the backup.")
    read = f"{report.blobs} blobs, {report.bytes} bytes, in {report.seconds:.1f} s"
    total = report.counts.total()
    tell(f"Read {read}: " + (f"{total} findings." if total else "all is well."))
