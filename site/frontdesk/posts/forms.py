"""What posts and links ask."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import MultipleFileField, RadioField, StringField, SubmitField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # new in 3.3
from wtforms.validators import InputRequired, Length

from frontdesk.forms import OFF, Form

LASTING = [
    SelectChoice("1", _("1 day")),
    SelectChoice("7", _("7 days")),
    SelectChoice("30", _("30 days")),
    SelectChoice("", _("Until I revoke it")),
]


class PostForm(Form):
    to = StringField(
        _("To"),
        [InputRequired(_("Enter the username of the person it is for"))],
        description=_("One username, or several with commas between them."),
        render_kw={**OFF, "list": "people", "spellcheck": "false"},
    )
    message = TextAreaField(
        _("Message"),
        [Length(max=5_000, message=_("Message must be %(max)d characters or fewer"))],
    )
    the_file = MultipleFileField(_("Files"))
    submit = SubmitField(_("Send"))


class LinkForm(Form):
    days = RadioField(_("The link works for"), choices=LASTING, default="7")
    submit = SubmitField(_("Create link"))
