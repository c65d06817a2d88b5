"""What the admin's pages of one person ask."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import RadioField, StringField, SubmitField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # new in 3.3

from frontdesk.accounts.models import ADMIN, MEMBER, username_key
from frontdesk.forms import OFF, Form
from frontdesk.forms.rules import Choose
from frontdesk.forms.sizes import SizeField

ROLES = [
    SelectChoice(MEMBER, _("Member: their own files and posts")),
    SelectChoice(ADMIN, _("Admin: everybody’s accounts, the space and the log")),
]


class QuotaForm(Form):
    quota = SizeField(
        _("Quota"),
        description=_("Such as 50 GB or 500 MB. Empty: what everybody has."),
        render_kw=OFF,
    )
    submit = SubmitField(_("Save"))


class RoleForm(Form):
    role = RadioField(_("Role"), [Choose(_("Select a role"))], choices=ROLES)
    submit = SubmitField(_("Save"))


class DeedForm(Form):
    """Asks for the username of whom it is done to, so that nobody does it by mistake."""

    typed = StringField(_("Their username"), render_kw={**OFF, "spellcheck": "false"})
    submit = SubmitField(_("Do it"))

    username = ""

    def validate_typed(self, field: StringField) -> None:
        if not self.username:
            return
        if username_key((field.data or "").strip()) != username_key(self.username):
            raise ValidationError(gettext("Type %(name)s to confirm", name=self.username))
