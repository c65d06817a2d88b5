"""What the files' pages ask."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import MultipleFileField, StringField, SubmitField
from wtforms.validators import InputRequired

from frontdesk.forms import Form


class UploadForm(Form):
    the_file = MultipleFileField(_("Files"))
    folder = StringField(
        _("Folder"),
        description=_("Such as reports/2026. It is made if it isn't there."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    submit = SubmitField(_("Upload"))


class RenameForm(Form):
    name = StringField(
        _("New name"),
        [InputRequired(_("Enter a name"))],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    submit = SubmitField(_("Rename"))
