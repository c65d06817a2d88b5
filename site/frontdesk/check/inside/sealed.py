"""What lies encrypted: under another SECRET_KEY nobody can read it, as after a restore."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flask import current_app
from sqlalchemy import select

from frontdesk import mail, sealing
from frontdesk.accounts import totp
from frontdesk.accounts.models import Authenticator
from frontdesk.check.finding import Finding, Line, _, ok, wrong
from frontdesk.db import db
from frontdesk.stored_settings import live
from frontdesk.stored_settings.models import StoredSetting

MOST = 100  # of a kind: those of one key are all readable, or none is


def sealed() -> Iterator[Finding]:
    """Whether the secrets of members and settings can be read."""
    lost = sum(not _opens(text, purpose) for text, purpose in _secrets())
    if not lost:
        yield ok("inside.sealed", _("What lies encrypted in the database can be read."))
        return
    said = _(
        "Secrets in the database were encrypted under another SECRET_KEY: authenticator apps, "
        "waiting letters or stored settings (%(lost)s found). They can’t be read."
    )
    todo = _("Add the SECRET_KEY of then to SECRET_KEY_FALLBACKS.")
    line = Line(str(Path(current_app.instance_path) / "config.py"), "SECRET_KEY_FALLBACKS = […]")
    yield wrong("inside.sealed", said, todo, line, lost=lost)


def _secrets() -> Iterator[tuple[str, str]]:
    """What is sealed, and for which purpose; the oldest apps first."""
    apps = select(Authenticator.sealed).order_by(Authenticator.confirmed_at).limit(MOST)
    for text in db.session.scalars(apps):
        yield text, totp.PURPOSE
    for text in db.session.scalars(select(mail.Letter.sealed).limit(MOST)):
        yield text, mail.PURPOSE
    for value in db.session.scalars(select(StoredSetting.value)):
        if isinstance(value, dict) and "sealed" in value:
            yield str(value["sealed"]), live.PURPOSE


def _opens(text: str, purpose: str) -> bool:
    try:
        sealing.unseal(text, purpose)
    except sealing.Broken:
        return False
    return True


CHECKS = (sealed,)
