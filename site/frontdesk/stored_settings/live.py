"""What is stored, in the settings of each process: at its start, and soon after each change."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Config, Flask, current_app, has_request_context, request
from sqlalchemy import inspect, select
from sqlalchemy.exc import SQLAlchemyError

from frontdesk import mail, sealing, settings
from frontdesk.db import db
from frontdesk.settings import BadSetting, Sources
from frontdesk.stored_settings.catalogue import SETTINGS
from frontdesk.stored_settings.models import StoredSetting

EVERY = 1.0  # seconds from one look to the next
ROWS = select(StoredSetting.name, StoredSetting.value)
# They touch nothing, or must answer whatever the database does.
LOOK_AWAY = {
    "static",
    "bootstrap.static",
    "favicon",
    "hello.alive",
    "hello.health",
    "hello.metrics",
}
PURPOSE = "setting"

Renew = Callable[[Flask], None]


@dataclass(slots=True)
class Stored:
    """What this process last saw in the database, and made of it.

    ``values`` are those that can be meant, by name; ``running`` what the process goes by.
    ``rows`` are as they were read.
    """

    rows: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    running: dict[str, Any] = field(default_factory=dict)
    looked_at: float = 0.0
    has_begun: bool = False
    renewals: list[Renew] = field(default_factory=list)


def this_app() -> Flask:
    """The app itself, not what stands for it."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app


def state(app: Flask) -> Stored:
    """This app's."""
    found: Stored = app.extensions["stored settings"]
    return found


def sources(app: Flask) -> Sources:
    """What the settings are without the database."""
    found: Sources = app.extensions["settings"]
    return found


def editable(app: Flask) -> list[str]:
    """The names that the database may set: known, in the catalogue, not in the environment."""
    known, _files, fixed = sources(app)
    return [name for name in SETTINGS if name in known and name not in fixed]


def wanted(app: Flask, values: Mapping[str, Any]) -> dict[str, Any]:
    """What each editable setting is, with ``values`` stored."""
    files = sources(app).files
    return {name: values.get(name, files[name]) for name in editable(app)}


def weigh(app: Flask, values: Mapping[str, Any]) -> None:
    """:raise BadSetting: if ``values``, over all that is set, can't work together"""
    trial = Config(app.root_path, {**app.config, **wanted(app, values)})
    settings.weigh(trial)


def seal(value: Any) -> dict[str, str]:
    """A secret as its row keeps it."""
    return {"sealed": sealing.seal(json.dumps(value), PURPOSE)}


def look(*, now: bool = True) -> None:
    """Take on what was changed, by whichever process; without ``now`` at most once a second."""
    app = this_app()
    found = state(app)
    if not now and time.monotonic() - found.looked_at < EVERY:
        return
    found.looked_at = time.monotonic()
    try:
        with db.engine.connect() as connection:
            rows = {name: value for name, value in connection.execute(ROWS)}
    except SQLAlchemyError as error:  # what was known goes on
        app.logger.warning("The stored settings can't be read", exc_info=error)
        return
    if rows != found.rows:
        found.rows, found.values = rows, _meant(app, rows)
        _take_on(app, found)


def _meant(app: Flask, rows: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the rows that can be meant; an older or newer version may have left others."""
    values: dict[str, Any] = {}
    for name in set(editable(app)) & rows.keys():
        try:
            value = _opened(name, rows[name])
            settings.check(app, name, value)
            values[name] = value
        except (BadSetting, sealing.Broken) as no:
            _warn(app, name, no)
    while values:
        try:
            weigh(app, values)
            break
        except BadSetting as no:
            named = [name for name in values if name in no.message]
            blamed = min(named or values, key=str(no.message).find)
            values.pop(blamed)
            _warn(app, blamed, no)
    return values


def _warn(app: Flask, name: str, no: Exception) -> None:
    app.logger.warning("The stored setting %s is left out: %s", name, no)


def _opened(name: str, value: Any) -> Any:
    is_sealed = SETTINGS[name].is_secret and isinstance(value, dict)
    return json.loads(sealing.unseal(str(value["sealed"]), PURPOSE)) if is_sealed else value


def _take_on(app: Flask, found: Stored) -> None:
    """Bring the settings up to date, but for those that wait for a restart."""
    news = {
        name: value
        for name, value in wanted(app, found.values).items()
        if value != found.running.get(name) and not (found.has_begun and _waits(name))
    }
    if not news:
        return
    found.running |= news
    app.config.update(news)
    settings.derive(app)
    for renew in found.renewals:
        renew(app)


def _waits(name: str) -> bool:
    return SETTINGS[name].needs_restart


def waiting_for_restart(app: Flask) -> set[str]:
    """The names of those that were changed since this process began, and must wait."""
    found = state(app)
    now = wanted(app, found.values)
    return {name for name in now if _waits(name) and now[name] != found.running.get(name)}


def when_renewed(app: Flask, renew: Renew) -> None:
    """Call ``renew`` each time that settings have changed in this process."""
    state(app).renewals.append(renew)


def _renew_mail(app: Flask) -> None:
    before = {name: app.config[name] for name in app.config if name.startswith("MAIL_")}
    mail.init_app(app)
    if any(app.config[name] != value for name, value in before.items()):
        app.extensions.pop("mailman", None)


def _renew_pages(app: Flask) -> None:
    app.jinja_env.globals["site_name"] = app.config["SITE_NAME"]
    app.extensions.get("shared pages", {}).clear()


def _look_now_and_then() -> None:
    if not has_request_context() or request.endpoint not in LOOK_AWAY:
        look(now=False)


def init_app(app: Flask) -> None:
    """Begin with what is stored; a database that has no such table yet has nothing to say."""
    found = app.extensions["stored settings"] = Stored()
    found.running = {name: sources(app).files[name] for name in editable(app)}
    with app.app_context():
        if _has_table():
            look()
        db.engine.dispose()  # nothing opened here may be shared by forked workers
    found.has_begun = True
    found.renewals += [_renew_mail, _renew_pages]
    app.before_request(_look_now_and_then)
    app.extensions["before each job"] = [_look_now_and_then]


def _has_table() -> bool:
    try:
        return inspect(db.engine).has_table(StoredSetting.__tablename__)
    except SQLAlchemyError:  # the migrations will say what is wrong
        return False
