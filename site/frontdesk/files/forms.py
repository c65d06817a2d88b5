"""What the files' pages ask."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import Field, HiddenField, MultipleFileField, RadioField, StringField, SubmitField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # new in 3.3

from frontdesk.forms import Form
from frontdesk.forms.rules import Enter


def _asked(form: Form, field: Field) -> None:
    """Mark the field as one that must be filled in; the page says so, not this form."""


_asked.field_flags = {"required": True}  # type: ignore[attr-defined]  # as WTForms' validators do


class UploadForm(Form):
    the_file = MultipleFileField(_("Files"), [_asked])
    folder = StringField(
        _("Folder"),
        description=_("Such as reports/2026. It is made if it isn’t there."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    on_conflict = RadioField(
        _("If a name is there already"),
        description=_("With both, the new file has a number behind its name."),
        choices=[
            SelectChoice("number", _("Keep both")),
            SelectChoice("version", _("Save as a new version")),
        ],
        default="number",
    )
    submit = SubmitField(_("Upload"))


class RenameForm(Form):
    name = StringField(
        _("New name"),
        [Enter(_("Enter a name"))],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    submit = SubmitField(_("Rename"))


class FolderForm(Form):
    name = StringField(
        _("Name"),
        [Enter(_("Enter a name"))],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    folder = HiddenField()
    submit = SubmitField(_("Create folder"))
