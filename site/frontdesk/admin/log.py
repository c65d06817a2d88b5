"""/admin/log - who did what, when, from where: filtered, page by page, and as CSV."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import current_app, request, stream_with_context
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import Field, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # new in 3.3
from wtforms.validators import ValidationError

from frontdesk import audit
from frontdesk.access import admin_only
from frontdesk.admin import entries
from frontdesk.admin.overview import bp
from frontdesk.admin.words import WHAT, in_words
from frontdesk.db import now, transaction
from frontdesk.forms import OFF, Form
from frontdesk.pages import page

A_DAY = {**OFF, "inputmode": "numeric", "dir": "ltr"}


def _is_day(form: Form, field: Field) -> None:
    if field.data and entries.read_day(field.data) is None:
        raise ValidationError(_("Enter a date, such as 2026-11-22"))


class FilterForm(Form):
    """Which entries. It is sent by GET, so that a filtered log has an address."""

    class Meta(Form.Meta):
        csrf = False

    what = SelectField(lazy_gettext("What"), validate_choice=False)
    who = StringField(lazy_gettext("Who"), render_kw={**OFF, "spellcheck": "false"})
    address = StringField(lazy_gettext("Address"), render_kw={**OFF, "dir": "ltr"})


# "from" is no name that Python lets a class have.
FilterForm.first = StringField(lazy_gettext("From day"), [_is_day], name="from", render_kw=A_DAY)
FilterForm.last = StringField(lazy_gettext("Until day"), [_is_day], name="until", render_kw=A_DAY)


@bp.get("/log")
@admin_only
def log() -> Response:
    """Show the newest entries, those of a filter, or those before or after one of them."""
    form = FilterForm(request.args)
    chosen = entries.read_filter(request.args)
    form.what.choices = _choices(chosen.what)
    form.validate()
    found = entries.a_page(chosen, _id("before"), _id("after"))
    return page(
        "admin/log.html",
        form,
        entries=[(entry, in_words(entry.what), _facts(entry.facts)) for entry in found.entries],
        older=found.older,
        newer=found.newer,
        facts=chosen.facts,
        is_filtered=bool(chosen.facts),
        days=current_app.config["LOG_RETENTION"],
    )


@bp.get("/log.csv")
@admin_only
def log_csv() -> Response:
    """Send the entries of a filter as CSV, and note who took them."""
    chosen = entries.read_filter(request.args)
    if request.method == "GET":
        with transaction():
            audit.record("log.export", member_id=current_user.id, filter=urlencode(chosen.facts))
    lines = stream_with_context(entries.as_csv(chosen)) if request.method == "GET" else []
    response = current_app.response_class(lines, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="log-{now():%Y-%m-%d}.csv"'
    return response


def _choices(asked: str) -> list[SelectChoice]:
    words = sorted((str(said), what) for what, said in WHAT.items())
    if asked and asked not in WHAT:
        words.append((asked, asked))
    return [SelectChoice("", _("Anything")), *(SelectChoice(what, said) for said, what in words)]


def _id(name: str) -> int | None:
    text = request.args.get(name, "")
    return min(int(text[:11]), entries.LARGEST) if text.isascii() and text.isdecimal() else None


def _facts(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """In pairs, sizes as people say them."""
    size = current_app.jinja_env.filters["size"]
    return [
        (name, size(value) if name == "size" and isinstance(value, int) else _plain(value))
        for name, value in facts.items()
    ]


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return str(value)
