"""What is not done by mistake: a page that asks once more, some for the username typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import flash
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from frontdesk.accounts.models import Member
from frontdesk.admin.person_forms import DeedForm
from frontdesk.forms import Refused
from frontdesk.pages import page, see


@dataclass(slots=True)
class Deed:
    """A page that asks once more: its heading, what will happen, and the button's word."""

    member: Member
    heading: str
    says: str
    button: str
    must_type: bool = False
    is_dangerous: bool = True

    def form(self) -> DeedForm:
        """The form that asks; for the username too, where that must be typed."""
        form = DeedForm()
        form.submit.label.text = self.button
        if self.must_type:
            form.username = self.member.username
            form.typed.flags.required = True
            form.typed.description = _("Type %(name)s to confirm.", name=self.member.username)
        else:
            del form.typed
        return form

    def ask(self, form: DeedForm, **facts: Any) -> Response:
        """Show it."""
        return page("admin/deed.html", form, deed=self, **facts)

    def done(self, said: str) -> Response:
        """Back to the person, with what has happened."""
        flash(said)
        return see("admin.person", name=self.member.username)


def check_somebody_else(member: Member) -> None:
    """:raise Refused: if it is the admin who is asking"""
    if member.id == current_user.id:
        raise Refused(_("This is you. Ask another admin, or see your profile."))
