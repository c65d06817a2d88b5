"""What is asked to set up a second step."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, StringField, SubmitField

from frontdesk.forms import ONE_TIME_CODE, Form
from frontdesk.forms.rules import Enter


class AppForm(Form):
    code = StringField(
        _("Code from your app"),
        [Enter(_("Enter the code that your app shows"))],
        description=_("Six digits, new every half minute."),
        render_kw=ONE_TIME_CODE,
    )
    submit = SubmitField(_("Turn on"))


class CodesForm(Form):
    """``seen`` is the mark of the codes that the page was about."""

    seen = HiddenField()
    submit = SubmitField(_("Make new codes"))
