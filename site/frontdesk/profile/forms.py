"""What the profile asks."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    RadioField,
    SelectField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # new in 3.3
from wtforms.validators import Length

from frontdesk.forms import Form
from frontdesk.language import LANGUAGES

THEMES = [
    SelectChoice("auto", _("As my device likes it")),
    SelectChoice("light", _("Light")),
    SelectChoice("dark", _("Dark")),
]


class ProfileForm(Form):
    display_name = StringField(
        _("Display name"),
        [Length(max=80, message=_("Display name must be %(max)d characters or fewer"))],
        description=_("What others read. Empty: your username."),
        render_kw={"autocomplete": "name"},
    )
    about = TextAreaField(
        _("About you"),
        [Length(max=1000, message=_("About you must be %(max)d characters or fewer"))],
        description=_("A sentence or two. Others read it once desks can be opened to visitors."),
    )
    theme = RadioField(_("Theme"), choices=THEMES)
    language = SelectField(
        _("Language"), choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()]
    )
    image = FileField(
        _("Picture"),
        description=_(
            "A PNG, JPEG, WebP or GIF. It is cut square, and where it was taken is removed."
        ),
        render_kw={"accept": "image/png,image/jpeg,image/webp,image/gif"},
    )
    remove_image = BooleanField(_("Remove my picture"))
    submit = SubmitField(_("Save"))
