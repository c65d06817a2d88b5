"""What the profile asks."""

from __future__ import annotations

from uuid import UUID, uuid4

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # new in 3.3

from frontdesk.accounts.models import READ, WRITE
from frontdesk.forms import NAME, OFF, Form
from frontdesk.forms.rules import AtMost, Choose, Enter
from frontdesk.language import LANGUAGES

THEMES = [
    SelectChoice("auto", _("As my device likes it")),
    SelectChoice("light", _("Light")),
    SelectChoice("dark", _("Dark")),
]
SCOPES = [
    SelectChoice(READ, _("Read: list, search and download")),
    SelectChoice(WRITE, _("Read and write: upload, replace and delete too")),
]
LASTING = [
    SelectChoice("7", _("7 days")),
    SelectChoice("30", _("30 days")),
    SelectChoice("365", _("1 year")),
    SelectChoice("never", _("Until I revoke it")),
]


class ProfileForm(Form):
    display_name = StringField(
        _("Display name"),
        [AtMost(80)],
        description=_("What others read. Empty: your username."),
        render_kw=NAME,
    )
    about = TextAreaField(
        _("About you"),
        [AtMost(1000)],
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


class TokenForm(Form):
    id = HiddenField(default=lambda: str(uuid4()))
    name = StringField(
        _("Name"),
        [Enter(_("Enter a name, such as the program’s")), AtMost(80)],
        description=_("Which program on which machine, so that you know which one to revoke."),
        render_kw=OFF,
    )
    scope = RadioField(_("It may"), [Choose(_("Select what it may"))], choices=SCOPES, default=READ)
    days = RadioField(
        _("It works for"), [Choose(_("Select how long it works"))], choices=LASTING, default="30"
    )
    submit = SubmitField(_("Create token"))

    def token_id(self) -> UUID:
        """The page's own id; of one that isn't there or isn't one, another."""
        try:
            return UUID(self.id.data or "")
        except ValueError:
            return uuid4()
