"""What the admin says of a new invite."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from flask import current_app
from flask_babel import lazy_gettext as _
from wtforms import HiddenField, IntegerField, RadioField, StringField, SubmitField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # new in 3.3
from wtforms.validators import InputRequired, NumberRange, Optional

from frontdesk.accounts.invites import Terms
from frontdesk.accounts.models import ADMIN, MEMBER
from frontdesk.forms import OFF, WHOLE_NUMBER, Form
from frontdesk.forms.rules import Choose, EmailAddress

GB = 1_000_000_000
DAY = 86_400


class NewInviteForm(Form):
    id = HiddenField(default=lambda: str(uuid4()))
    email = StringField(
        _("Email"),
        [Optional(), EmailAddress()],
        description=_("Whom it is for. Empty: a link for you to copy."),
        render_kw={**OFF, "inputmode": "email", "spellcheck": "false"},
    )
    role = RadioField(
        _("Role"),
        [Choose(_("Select a role"))],
        choices=[
            SelectChoice(MEMBER, _("Member: keeps, sends and receives files")),
            SelectChoice(ADMIN, _("Admin: sees the log, and lets people in too")),
        ],
        default=MEMBER,
    )
    days = IntegerField(
        _("Ends after days"),
        [InputRequired(_("Enter a number of days")), NumberRange(1, 365)],
        default=lambda: max(1, current_app.config["INVITE_EXPIRY"] // DAY),
        render_kw=WHOLE_NUMBER,
    )
    uses = IntegerField(
        _("How many people may use it"),
        [InputRequired(_("Enter a number of people")), NumberRange(1, 1000)],
        default=1,
        render_kw=WHOLE_NUMBER,
    )
    quota = IntegerField(
        _("Space in GB"),
        [Optional(), NumberRange(0, 1_000_000)],
        description=_("Empty: as much as everybody has."),
        render_kw=WHOLE_NUMBER,
    )
    submit = SubmitField(_("Create invite"))

    def invite_id(self) -> UUID:
        """The page's own id; of one that isn't there or isn't one, another."""
        try:
            return UUID(self.id.data or "")
        except ValueError:
            return uuid4()

    def terms(self) -> Terms:
        return Terms(
            email=(self.email.data or "").strip(),
            role=self.role.data,
            most_uses=self.uses.data or 1,
            quota=None if self.quota.data is None else self.quota.data * GB,
            lasts=timedelta(days=self.days.data or 1),
        )
