"""What /profile/password asks."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, PasswordField, SubmitField

from frontdesk.accounts.passwords import RULES
from frontdesk.forms import CURRENT_PASSWORD, NEW_PASSWORD, Form
from frontdesk.forms.rules import Enter


class PasswordForm(Form):
    current_password = PasswordField(
        _("Current password"), [Enter(_("Enter your current password"))], render_kw=CURRENT_PASSWORD
    )
    new_password = PasswordField(
        _("New password"),
        [Enter(_("Enter a new password"))],
        description=RULES,
        render_kw=NEW_PASSWORD,
    )
    everywhere = BooleanField(_("Log out everywhere else and end all tokens"), default=True)
    submit = SubmitField(_("Change password"))
