"""A visit of somebody on a day that has passed: what is done there is dated, and in the log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy import event, inspect
from sqlalchemy.orm import Session

from frontdesk.accounts import service as accounts
from frontdesk.accounts import sessions
from frontdesk.accounts.models import Member
from frontdesk.db import Moment, db, now
from frontdesk.demo.cast import DEVICES


@contextmanager
def visit(app: Flask, moment: datetime, name: str = "", device: int = 0) -> Iterator[Member | None]:
    """Be ``name`` at one of their devices, logged in; empty is nobody. All ends with the block."""
    place = {"REMOTE_ADDR": f"203.0.113.{sum(name.encode()) % 200 + device + 1}"}
    headers = {"User-Agent": DEVICES[device % len(DEVICES)]}
    with (
        app.app_context(),  # one of its own: who is logged in belongs to it
        app.test_request_context("/", environ_base=place, headers=headers),
        dated(moment),
    ):
        member = accounts.find(name) if name else None
        if member is not None:
            sessions.start(member, remember=True)
        yield member


@contextmanager
def dated(moment: datetime) -> Iterator[None]:
    """Whatever is written inside was written at ``moment``, as far as its rows tell."""
    session, started = db.session(), now()

    def turn_back(session: Session, *_: Any) -> None:
        ended = now()
        for row in session.new:
            _date(row, moment, lambda value: value is None or started <= value <= ended)
        for row in session.dirty:
            _date(row, moment, lambda value: value is not None and started <= value <= ended)

    event.listen(session, "before_flush", turn_back)
    try:
        yield
    finally:
        with suppress(Exception):
            event.remove(session, "before_flush", turn_back)


def _date(row: Any, moment: datetime, is_now: Any) -> None:
    for attribute in inspect(row).mapper.column_attrs:
        (column,) = attribute.columns
        if not isinstance(column.type, Moment) or not is_now(getattr(row, attribute.key)):
            continue
        if getattr(row, attribute.key) is not None or column.default is not None:
            setattr(row, attribute.key, moment)
