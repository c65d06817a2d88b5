"""What is proven of what is kept, in words: the bytes are right, and a backup is there."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from flask import current_app
from flask_babel import gettext as _
from flask_babel import ngettext

from frontdesk import backup
from frontdesk.backup import nightly
from frontdesk.db import now
from frontdesk.files.scrub.verified import Verified, verified
from frontdesk.language import moment, number, size

OLD = timedelta(days=8)  # of a backup that is made by hand


class Words(NamedTuple):
    """What is so, and, where it isn't well, what to do."""

    said: str
    todo: str = ""


def files() -> Words:
    """Whether all stored bytes were read again and are what came."""
    found = verified()
    if found.damaged:
        return Words(_some(found), _("Run flask scrub with --repair-from and a backup."))
    if found.books:
        return Words(_all(found), _("The books don’t fit. Run flask scrub, and read it."))
    every = current_app.config["SCRUB_EVERY"]
    late = found.oldest and every and found.oldest < now() - timedelta(days=every + 7)
    todo = _("It should have been sooner. Look at the jobs.") if late else ""
    return Words(_all(found), todo)


def _some(found: Verified) -> str:
    names = ", ".join(f"{name} ({who})" for who, name in found.named)
    facts = {"right": number(found.right), "all": number(found.files), "names": names}
    said = ngettext(
        "%(right)s of %(all)s verified; %(num)s damaged: %(names)s",
        "%(right)s of %(all)s verified; %(num)s damaged, among them: %(names)s",
        found.damaged,
        **facts,
    )
    return str(said) if names else str(said).rpartition(":")[0]


def _all(found: Verified) -> str:
    if not found.files:
        return str(_("no files yet"))
    if found.oldest is None:
        return str(
            ngettext(
                "%(all)s file, not read again yet", "%(all)s files, not read again yet",
                found.files, all=number(found.files),
            )
        )  # fmt: skip
    facts = {"right": number(found.right), "all": number(found.files), "ago": _ago(found.oldest)}
    if found.waiting:
        return str(_("%(right)s of %(all)s verified %(ago)s, the others are new", **facts))
    return str(
        ngettext(
            "%(all)s file, verified %(ago)s", "%(all)s files, all verified %(ago)s", found.files,
            **facts,
        )
    )  # fmt: skip


def _ago(then: datetime) -> str:
    days = (now() - then) // timedelta(days=1)
    if days < 1:
        return str(_("today"))
    return str(ngettext("%(num)s day ago", "%(num)s days ago", days))


def last_backup() -> Words:
    """When the last backup was made, what it holds and where it is."""
    last = backup.last()
    if last.at is None:
        said = _("failed: %(why)s", why=last.failed) if last.failed else _("never")
        return Words(said, _("Set the folder for backups, BACKUP_TO, or run flask backup."))
    said = ngettext(
        "%(when)s: %(num)s file, %(size)s, in %(where)s",
        "%(when)s: %(num)s files, %(size)s, in %(where)s",
        last.files,
        when=moment(last.at),
        size=size(last.bytes),
        where=last.where,
    )
    return Words(said, _todo(last))


def _todo(last: backup.Last) -> str:
    if last.failed:
        return str(_("One since then failed: %(why)s", why=last.failed))
    if last.damaged:
        return str(_("Files in it were damaged already. Run flask scrub."))
    if last.rotten:
        return str(_("Earlier backups there had rotted. Look after that disk."))
    return _of_age_and_place(last)


def _of_age_and_place(last: backup.Last) -> str:
    if last.at and last.at < now() - _patience():
        return str(_("It is old. Look at the jobs, or run flask backup."))
    if last.near:
        return str(_("It lies on the disk that the files lie on. Keep one elsewhere, too."))
    return ""


def _patience() -> timedelta:
    every = current_app.config["BACKUP_EVERY"]
    return timedelta(days=every + 1) if nightly.folder() and every else OLD
