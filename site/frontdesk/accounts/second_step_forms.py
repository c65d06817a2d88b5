"""What the second step of a log-in asks."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, HiddenField, StringField, SubmitField

from frontdesk.forms import OFF, ONE_TIME_CODE, Form
from frontdesk.forms.rules import Enter


class CodeForm(Form):
    code = StringField(
        _("Code from your app"),
        [Enter(_("Enter the code that your app shows"))],
        description=_("Six digits, new every half minute. A recovery code does too."),
        render_kw=ONE_TIME_CODE,
    )
    trust = BooleanField()
    next = HiddenField()
    submit = SubmitField(_("Log in"))


class RecoveryForm(Form):
    """The same with a keyboard for letters."""

    code = StringField(
        _("Recovery code"),
        [Enter(_("Enter a recovery code"))],
        description=_(
            "One of those that you kept when you set up the second step. Each works once."
        ),
        render_kw={**OFF, "spellcheck": "false", "autocapitalize": "none"},
    )
    trust = BooleanField()
    next = HiddenField()
    submit = SubmitField(_("Log in"))
