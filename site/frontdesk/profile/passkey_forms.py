"""What a passkey's page asks."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import StringField, SubmitField

from frontdesk.forms import OFF, Form
from frontdesk.forms.rules import AtMost, Enter


class PasskeyForm(Form):
    name = StringField(
        _("Name"),
        [Enter(_("Enter a name, such as the device’s")), AtMost(80)],
        description=_("Where it is kept, so that you know which one to remove."),
        render_kw=OFF,
    )
    submit = SubmitField(_("Save"))
