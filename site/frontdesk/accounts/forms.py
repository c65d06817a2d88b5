"""What /login and the set-up page ask."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, HiddenField, PasswordField, StringField, SubmitField
from wtforms.validators import InputRequired

from frontdesk.accounts.passwords import SHORTEST
from frontdesk.forms import Form

USERNAME = {"autocomplete": "username", "spellcheck": "false", "autocapitalize": "none"}


class LoginForm(Form):
    username = StringField(
        _("Username"), [InputRequired(_("Enter your username"))], render_kw=USERNAME
    )
    password = PasswordField(
        _("Password"),
        [InputRequired(_("Enter your password"))],
        render_kw={"autocomplete": "current-password"},
    )
    remember = BooleanField(_("Remember me on this device for 30 days"))
    next = HiddenField()
    submit = SubmitField(_("Log in"))


class SetupForm(Form):
    username = StringField(
        _("Username"),
        [InputRequired(_("Enter a username"))],
        description=_("Letters, digits, dots, dashes and underscores. You log in with it."),
        render_kw=USERNAME,
    )
    password = PasswordField(
        _("Password"),
        [InputRequired(_("Enter a password"))],
        description=_("At least %(n)s characters. A few words are easy to remember.", n=SHORTEST),
        render_kw={"autocomplete": "new-password"},
    )
    submit = SubmitField(_("Create account"))
