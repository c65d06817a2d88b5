"""What the settings page asks: a question for each setting of a group, by its kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import (
    Field,
    PasswordField,
    RadioField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # new in 3.3
from wtforms.validators import StopValidation

from frontdesk.forms import OFF, Form
from frontdesk.stored_settings import kinds
from frontdesk.stored_settings.catalogue import Setting

YES, NO = lazy_gettext("Yes"), lazy_gettext("No")
CODE = {**OFF, "spellcheck": "false", "autocapitalize": "none", "dir": "ltr"}
Refuse = Callable[[Any], str]  # a sentence, or "" where all is well


class Asked:
    """One setting on the form: how it is typed, and what it is now."""

    def __init__(self, setting: Setting, kind: str, value: Any, default: Any) -> None:
        self.setting, self.kind, self.value, self.default = setting, kind, value, default

    @property
    def name(self) -> str:
        return self.setting.name.lower()

    @property
    def hint(self) -> str:
        """What it means, what it is by default, and when a change takes effect."""
        said = [str(self.setting.help)]
        if not self.setting.is_secret:
            said.append(_("Default: %(value)s.", value=in_words(self.setting, self.default)))
        if self.setting.needs_restart:
            said.append(_("A change takes effect after a restart."))
        return " ".join(said)


class Meant:
    """Reads the answer, and keeps its value in ``form.values``."""

    def __init__(self, asked: Asked, is_needed: bool, refuse: Refuse | None) -> None:
        self.asked, self.refuse = asked, refuse
        self.field_flags = {"required": True} if is_needed else {}

    def __call__(self, form: SettingsForm, field: Field) -> None:
        text = str(field.data or "")
        if self.asked.setting.is_secret and not text:
            return  # nothing typed, nothing changed
        try:
            value = kinds.read(self.asked.setting, self.asked.kind, text)
        except kinds.NotRead as no:
            raise StopValidation(str(no)) from no
        if why := self.refuse(value) if self.refuse else "":
            raise StopValidation(why)
        form.values[self.asked.setting.name] = value


class Chosen(Meant):
    """The same of radio buttons, which say in their own words that none was chosen."""

    def __call__(self, form: SettingsForm, field: Field) -> None:
        if field.errors or not field.data:
            field.errors = []
            raise StopValidation(_("Choose one of the answers offered"))
        super().__call__(form, field)


class SettingsForm(Form):
    """A group of settings; :func:`form_of` gives it its questions."""

    values: dict[str, Any]


def form_of(questions: list[Asked], refusals: dict[str, Refuse], needed: set[str]) -> SettingsForm:
    """The form that asks these; ``needed`` are the names of those that can't be empty."""
    fields: dict[str, Any] = {
        one.name: _field(one, one.setting.name in needed, refusals.get(one.setting.name))
        for one in questions
    }
    kind = type(
        "GroupForm", (SettingsForm,), {**fields, "submit": SubmitField(lazy_gettext("Save"))}
    )
    form: SettingsForm = kind(data={one.name: _filled_in(one) for one in questions})
    form.values = {}
    return form


def in_words(setting: Setting, value: Any) -> str:
    """A setting's value, on one line; a secret's is only whether there is one."""
    if setting.is_secret:
        return str(_("set") if value else _("not set"))
    if setting.kind == "choice":
        return str(dict(setting.choices).get(value, value))
    kind = kinds.kind_of(setting, value)
    return kinds.say(kind, value).replace("\n", ", ") or _("empty")


def _filled_in(asked: Asked) -> str:
    if asked.setting.is_secret:
        return ""
    if asked.kind == "flag":
        return "yes" if asked.value else "no"
    return kinds.say(asked.kind, asked.value)


def _field(asked: Asked, is_needed: bool, refuse: Refuse | None) -> Any:
    setting, kind = asked.setting, asked.kind
    label, hint = setting.label, asked.hint
    if kind == "flag":
        return RadioField(
            label,
            [Chosen(asked, True, refuse)],
            choices=[SelectChoice("yes", YES), SelectChoice("no", NO)],
            description=hint,
        )
    if kind == "choice":
        choices = [SelectChoice(value, words) for value, words in setting.choices]
        return RadioField(label, [Chosen(asked, True, refuse)], choices=choices, description=hint)
    if setting.is_secret:
        new = {**CODE, "autocomplete": "new-password"}
        return PasswordField(label, [Meant(asked, False, refuse)], description=hint, render_kw=new)
    build = TextAreaField if kind == "list" else StringField
    return build(label, [Meant(asked, is_needed, refuse)], description=hint, render_kw=CODE)
