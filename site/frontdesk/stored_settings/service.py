"""Save settings, and put them back to what they are without the database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Flask
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from frontdesk import audit, settings
from frontdesk.db import after_commit, now, transaction
from frontdesk.forms import Refused
from frontdesk.settings import BadSetting
from frontdesk.stored_settings import kinds, live
from frontdesk.stored_settings.catalogue import SETTINGS
from frontdesk.stored_settings.models import StoredSetting

HIDDEN = "…"  # stands in the log for a secret


def save(member_id: UUID, values: Mapping[str, Any]) -> list[str]:
    """Store ``values``; which of them are news. What config.py says anyway is not stored.

    :raise Refused: if one can't be meant, or they can't work together
    """
    app, before = live.this_app(), _values()
    may = live.editable(app)
    values = {name: value for name, value in values.items() if name in may}
    for name, value in values.items():
        _check(app, name, value)
    after = live.wanted(app, {**before, **values})
    _weigh(app, after, list(values))
    old = live.wanted(app, before)
    news = [name for name in values if old[name] != values[name]]
    with transaction() as session:
        for name in news:
            _store(session, member_id, name, values[name], live.sources(app).files[name])
            _record(member_id, name, old[name], values[name])
        after_commit(live.look)
    return news


def reset(member_id: UUID, name: str) -> bool:
    """Take a setting out of the database; False if it isn't there.

    :raise Refused: if the others can't work without it
    """
    app, before = live.this_app(), _values()
    default = live.sources(app).files.get(name)
    _weigh(app, {key: value for key, value in before.items() if key != name}, [name])
    with transaction() as session:
        row = session.get(StoredSetting, name)
        if row is None:
            return False
        session.delete(row)
        _record(member_id, name, before.get(name), default)
        after_commit(live.look)
    return True


def _values() -> dict[str, Any]:
    live.look()
    return live.state(live.this_app()).values


def _check(app: Flask, name: str, value: Any) -> None:
    try:
        settings.check(app, name, value)
    except BadSetting as no:
        raise Refused(kinds.such_as(SETTINGS[name]), name.lower()) from no


def _weigh(app: Flask, values: Mapping[str, Any], asked: list[str]) -> None:
    """:raise Refused: beside one of those that were ``asked`` for"""
    try:
        live.weigh(app, values)
    except BadSetting as no:
        why = str(no.message)
        blamed = next((name for name in asked if name in why), asked[0]) if asked else ""
        if why.startswith("MAIL_URL"):
            why = _(
                "Letters need a mail server, a sender, and the address of the site. Set all three."
            )
        raise Refused(why, blamed.lower() or None) from no


def _store(session: Session, member_id: UUID, name: str, value: Any, default: Any) -> None:
    row = session.get(StoredSetting, name)
    if value == default:
        if row is not None:
            session.delete(row)
        return
    if row is None:
        row = StoredSetting(name=name)
        session.add(row)
    row.value = live.seal(value) if SETTINGS[name].is_secret else value
    row.changed_at, row.changed_by = now(), member_id


def _record(member_id: UUID, name: str, old: Any, new: Any) -> None:
    is_secret = name in SETTINGS and SETTINGS[name].is_secret
    facts = {"old": HIDDEN, "new": HIDDEN} if is_secret else {"old": old, "new": new}
    audit.record("setting.change", member_id=member_id, setting=name, **facts)
