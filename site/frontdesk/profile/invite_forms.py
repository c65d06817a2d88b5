"""What a member says of a new invite."""

from __future__ import annotations

from uuid import UUID, uuid4

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, StringField, SubmitField
from wtforms.validators import Optional

from frontdesk.forms import OFF, Form
from frontdesk.forms.rules import EmailAddress


class InviteForm(Form):
    id = HiddenField(default=lambda: str(uuid4()))
    email = StringField(
        _("Email"),
        [Optional(), EmailAddress()],
        description=_("Whom it is for. Empty: a link for you to copy."),
        render_kw={**OFF, "inputmode": "email", "spellcheck": "false"},
    )
    submit = SubmitField(_("Create invite"))

    def invite_id(self) -> UUID:
        """The page's own id; of one that isn't there or isn't one, another."""
        try:
            return UUID(self.id.data or "")
        except ValueError:
            return uuid4()
