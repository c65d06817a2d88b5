"""What who has forgotten a password is asked."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import PasswordField, StringField, SubmitField

from frontdesk.accounts.passwords import RULES
from frontdesk.forms import NEW_PASSWORD, USERNAME, Form
from frontdesk.forms.rules import AtMost, Enter


class ForgotForm(Form):
    username = StringField(
        _("Username or email address"),
        [Enter(_("Enter your username or email address")), AtMost(255)],
        render_kw=USERNAME,
    )
    submit = SubmitField(_("Send link"))


class ResetForm(Form):
    password = PasswordField(
        _("New password"),
        [Enter(_("Enter a new password"))],
        description=RULES,
        render_kw=NEW_PASSWORD,
    )
    submit = SubmitField(_("Set password"))
