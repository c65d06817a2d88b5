"""/admin/settings - what can be set on the site: what it is, what it is by default, and a change.

The words for each are in the catalogue of ``stored_settings``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from flask import abort, flash, request
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from frontdesk import stored_settings
from frontdesk.access import admin_only, fresh
from frontdesk.accounts.models import Member
from frontdesk.admin.overview import bp
from frontdesk.admin.setting_forms import Asked, Refuse, SettingsForm, form_of, in_words
from frontdesk.db import db
from frontdesk.forms import Refused
from frontdesk.pages import page, see
from frontdesk.settings import BadSetting, Sources, check
from frontdesk.stored_settings import StoredSetting, kinds, live
from frontdesk.stored_settings.catalogue import FIXED, GROUPS, Group, Setting, group_of, in_group


class Line(NamedTuple):
    """A setting as the pages show it; ``at`` is where it is fixed, ``change`` when it was set."""

    setting: Setting
    said: str
    default: str
    is_fixed: bool
    at: str
    change: Any
    is_waiting: bool


@bp.get("/settings")
@admin_only
def settings() -> Response:
    """Show all settings in their groups, and which of them were changed, or are fixed."""
    stored_settings.look()
    known, changes = _sources().known, _changes()
    groups = [(group, [_line(one, changes) for one in in_group(group, known)]) for group in GROUPS]
    return page(
        "admin/settings.html",
        groups=[(group, lines) for group, lines in groups if lines],
        elsewhere=[(name, why) for name, why in FIXED.items() if name in known],
    )


@bp.route("/settings/<key>", methods=["GET", "POST"])
@admin_only
@fresh
def change_settings(key: str) -> Response:
    """Show the settings of a group as a form, and save it.

    :raise 404: if there is no such group
    """
    stored_settings.look()
    group = group_of(key)
    lines = _lines(group) if group else []
    if group is None or not lines:
        abort(404)
    form = _form(lines)
    if form.validate_on_submit():
        with form.explains():
            news = stored_settings.save(current_user.id, form.values)
            flash(_("Saved.") if news else _("Nothing was changed."))
            return see("admin.settings", _anchor=key)
    return page("admin/setting_group.html", form, group=group, lines=lines)


@bp.post("/settings/<key>/<name>/reset")
@admin_only
@fresh
def reset_setting(key: str, name: str) -> Response:
    """Put a setting back to its default."""
    try:
        done = stored_settings.reset(current_user.id, name.upper())
        flash(_("It is the default again.") if done else _("It is the default already."))
    except Refused as no:
        flash(no.why, "error")
    return see("admin.change_settings", key=key)


def _form(lines: list[Line]) -> SettingsForm:
    known, files, _fixed = _sources()
    app = live.this_app()
    now = live.wanted(app, live.state(app).values)
    questions = [
        Asked(one, kinds.kind_of(one, known[one.name]), now[one.name], files[one.name])
        for one in (line.setting for line in lines if not line.is_fixed)
    ]
    needed = {asked.setting.name for asked in questions if not _may_be_empty(asked)}
    return form_of(questions, REFUSALS, needed)


def _may_be_empty(asked: Asked) -> bool:
    if asked.kind == "list" or asked.setting.is_secret:
        return True
    try:
        check(live.this_app(), asked.setting.name, "")
    except BadSetting:
        return False
    return True


def _keeps_this_host(hosts: list[str]) -> str:
    """Why not, if who asks would be refused from then on."""
    host = request.host.rpartition(":")[0] if ":" in request.host else request.host
    if not hosts or any(_covers(one, host) for one in hosts):
        return ""
    return str(_("Keep %(host)s among them: it is how you came here.", host=host))


def _covers(trusted: str, host: str) -> bool:
    return host == trusted or (trusted.startswith(".") and f".{host}".endswith(trusted))


REFUSALS: dict[str, Refuse] = {"TRUSTED_HOSTS": _keeps_this_host}


def _sources() -> Sources:
    return live.sources(live.this_app())


def _lines(group: Group) -> list[Line]:
    changes = _changes()
    return [_line(one, changes) for one in in_group(group, _sources().known)]


def _line(setting: Setting, changes: dict[str, tuple[datetime, str]]) -> Line:
    app = live.this_app()
    name, (_known, files, fixed) = setting.name, _sources()
    is_fixed = name in fixed
    now = live.wanted(app, live.state(app).values)
    value = (app.config[name] or files[name]) if is_fixed else now[name]
    return Line(
        setting,
        in_words(setting, value),
        in_words(setting, files[name]),
        is_fixed,
        fixed.get(name, ""),
        None if is_fixed else changes.get(name),
        name in live.waiting_for_restart(app),
    )


def _changes() -> dict[str, tuple[datetime, str]]:
    """When each stored setting was changed, and by whom."""
    rows = select(StoredSetting.name, StoredSetting.changed_at, Member.username).outerjoin(
        Member, Member.id == StoredSetting.changed_by
    )
    return {name: (at, who or "") for name, at, who in db.session.execute(rows)}
