"""What must happen now and then: the purge, the scrub, a backup; and the jobs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from flask import current_app
from sqlalchemy import select

from frontdesk import audit, jobs
from frontdesk.audit import LogEntry
from frontdesk.check.finding import Finding, Line, _, ok, warn, wrong
from frontdesk.db import db, now, transaction
from frontdesk.files.scrub.verified import verified

A_PURGE, A_BACKUP = timedelta(days=2), timedelta(days=8)
PATIENCE, STEP = 15.0, 0.2  # seconds
KIND = "check.job"
TIMER = Path("/etc/systemd/system/frontdesk-backup.timer")


def jobs_kept_up() -> Iterator[Finding]:
    """Whether anybody does the jobs."""
    if jobs.keep_up():
        yield ok("inside.jobs", _("Jobs are done."))
        return
    said = _("Jobs wait, and nobody does them: letters and thumbnails among them.")
    todo = _("Restart the site, or start a worker.")
    yield wrong("inside.jobs", said, todo, Line(_("a shell"), "systemctl start frontdesk-worker"))


def one_job() -> Iterator[Finding]:
    """Whether a job that is asked for now is done within seconds."""
    subject = uuid4().hex
    with transaction():
        jobs.ask(KIND, subject)
    began = time.monotonic()
    while jobs.state(KIND, subject) != "done" and time.monotonic() - began < PATIENCE:
        db.session.rollback()
        time.sleep(STEP)
    db.session.rollback()
    if jobs.state(KIND, subject) == "done":
        yield ok("inside.job", _("A job that was asked for was done at once."))
        return
    yield wrong(
        "inside.job",
        _("A job that was asked for was not done within %(seconds)s seconds."),
        _("Restart the site, or start a worker."),
        Line(_("a shell"), "systemctl start frontdesk-worker"),
        seconds=int(PATIENCE),
    )


@jobs.task(KIND, minutes=1)
def _nothing(subject: str) -> None:
    """That it is done is all that counts."""


def _is_young() -> bool:
    """Whether the site was set up of late, so that nothing is overdue yet."""
    first = db.session.scalar(select(LogEntry.at).order_by(LogEntry.id).limit(1))
    return first is None or first > now() - A_PURGE


def purge() -> Iterator[Finding]:
    """Whether what is over has gone."""
    last = audit.latest("purge", "purge.wait")
    if (last and last.at > now() - A_PURGE) or _is_young():
        yield ok("inside.purge", _("What is over is removed each day."))
        return
    said = _("What is over was not removed for two days: the disk fills.")
    yield warn(
        "inside.purge",
        said,
        _("Look at the jobs, or run it."),
        Line(_("a shell"), ".venv/bin/flask purge"),
    )


def scrub() -> Iterator[Finding]:
    """Whether the bytes were read again of late, and were right."""
    found = verified()
    if found.damaged or found.books:
        said = _("What is stored isn’t all right.")
        yield wrong("inside.scrub", said, _("Run it, and read what it says: flask scrub."))
    elif not found.files or _is_young():
        yield ok(
            "inside.scrub", _("Nothing has been stored for so long that it must be read again.")
        )
    elif found.oldest and found.oldest > now() - _patience():
        yield ok("inside.scrub", _("Every byte was read again of late, and is right."))
    else:
        said = _("The bytes were not read again for a month: a disk that forgets goes unseen.")
        todo = _("Let the server read them, in days, and look at the jobs.")
        yield warn("inside.scrub", said, todo, _setting("SCRUB_EVERY = 30"))


def _patience() -> timedelta:
    return timedelta(days=(current_app.config["SCRUB_EVERY"] or 30) + 7)


def backup() -> Iterator[Finding]:
    """Whether there is a backup, how old it is, and whether the same fire takes both."""
    last = audit.latest("backup")
    failed = audit.latest("backup", "backup.failed")
    change = _who_backs_up(last is not None and bool(last.facts.get("near")))
    todo = _("Have the server make one each night, onto another disk.")
    if failed is not None and failed.what == "backup.failed":
        said = _("The last backup failed: %(why)s.")
        why = str(failed.facts.get("why", "–")).removesuffix(".")
        yield wrong("inside.backup", said, todo, change, why=why)
    elif last is None:
        yield warn("inside.backup", _("There is no backup."), todo, change)
    elif last.at < now() - A_BACKUP:
        said = _("The last backup is from %(day)s.")
        yield warn("inside.backup", said, todo, change, day=f"{last.at:%Y-%m-%d}")
    elif last.facts.get("near"):
        said = _("The last backup lies on the disk that the site is on.")
        yield warn("inside.backup", said, todo, change)
    else:
        said = _("The last backup was made on %(day)s.")
        yield ok("inside.backup", said, day=f"{last.at:%Y-%m-%d}")


def _who_backs_up(is_near: bool) -> Line:
    """With systemd its timer does: the server's unit may not write where backups lie."""
    if not TIMER.exists():
        return _setting('BACKUP_TO = "/mnt/backup/frontdesk"')
    if is_near:
        return Line("/etc/fstab", "UUID=… /var/backups/frontdesk ext4 nofail 0 2")
    return Line(_("a shell"), f"systemctl enable --now {TIMER.name}")


def _setting(line: str) -> Line:
    return Line(str(Path(current_app.instance_path) / "config.py"), line)


CHECKS = (jobs_kept_up, purge, scrub, backup)
