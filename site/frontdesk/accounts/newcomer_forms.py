"""What is asked of somebody who makes an account: by an invite, or by themselves."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, PasswordField, StringField, SubmitField
from wtforms.validators import Optional

from frontdesk.accounts.invites import Newcomer
from frontdesk.accounts.passwords import RULES
from frontdesk.forms import EMAIL, NAME, NEW_PASSWORD, USERNAME, Form
from frontdesk.forms.rules import AtMost, EmailAddress, Enter


def _username() -> StringField:
    return StringField(
        _("Username"),
        [Enter(_("Enter a username"))],
        description=_("Letters, digits, dots, dashes and underscores. You log in with it."),
        render_kw=USERNAME,
    )


def _password() -> PasswordField:
    return PasswordField(
        _("Password"),
        [Enter(_("Enter a password"))],
        description=RULES,
        render_kw=NEW_PASSWORD,
    )


class AcceptForm(Form):
    username = _username()
    display_name = StringField(
        _("Display name"),
        [AtMost(80)],
        description=_("What others read. Empty: your username."),
        render_kw=NAME,
    )
    email = StringField(
        _("Email"),
        [Optional(), EmailAddress()],
        description=_("For letters of this site, such as when you forget your password."),
        render_kw=EMAIL,
    )
    password = _password()
    letter = HiddenField()
    submit = SubmitField(_("Create account"))

    def newcomer(self) -> Newcomer:
        return Newcomer(
            self.username.data or "",
            self.password.data or "",
            (self.email.data or "").strip(),
            " ".join((self.display_name.data or "").split()),
        )


class RegisterForm(Form):
    username = _username()
    email = StringField(
        _("Email"), [Enter(_("Enter your email address")), EmailAddress()], render_kw=EMAIL
    )
    password = _password()
    submit = SubmitField(_("Register"))

    def newcomer(self) -> Newcomer:
        email = (self.email.data or "").strip()
        return Newcomer(self.username.data or "", self.password.data or "", email)
