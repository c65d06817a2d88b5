"""What /login and the set-up page ask."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, HiddenField, PasswordField, StringField, SubmitField

from frontdesk.accounts.passwords import RULES
from frontdesk.forms import CURRENT_PASSWORD, NEW_PASSWORD, USERNAME, Form
from frontdesk.forms.rules import Enter

# A browser lists passkeys among the names, see static/js/passkeys.js.
NAME_OR_PASSKEY = {**USERNAME, "autocomplete": "username webauthn"}


class LoginForm(Form):
    username = StringField(
        _("Username"), [Enter(_("Enter your username"))], render_kw=NAME_OR_PASSKEY
    )
    password = PasswordField(
        _("Password"),
        [Enter(_("Enter your password"))],
        render_kw=CURRENT_PASSWORD,
    )
    remember = BooleanField(_("Remember me on this device for 30 days"))
    next = HiddenField()
    submit = SubmitField(_("Log in"))


class ProofForm(Form):
    password = PasswordField(
        _("Password"), [Enter(_("Enter your password"))], render_kw=CURRENT_PASSWORD
    )
    next = HiddenField()
    submit = SubmitField(_("Confirm"))


class SetupForm(Form):
    username = StringField(
        _("Username"),
        [Enter(_("Enter a username"))],
        description=_("Letters, digits, dots, dashes and underscores. You log in with it."),
        render_kw=USERNAME,
    )
    password = PasswordField(
        _("Password"),
        [Enter(_("Enter a password"))],
        description=RULES,
        render_kw=NEW_PASSWORD,
    )
    submit = SubmitField(_("Create account"))
