"""What the pages about a member's account ask: address, time zone, letters, leaving."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, EmailField, SelectField, StringField, SubmitField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # new in 3.3

from frontdesk import zones
from frontdesk.forms import EMAIL, OFF, Form
from frontdesk.forms.rules import EmailAddress, Enter
from frontdesk.language import LOCALES, language


def _time_zones() -> Iterator[SelectChoice]:
    """UTC, then the cities of each region, as the reader calls them."""
    yield SelectChoice("", _("UTC, as the site"))
    for region, found in zones.cities(LOCALES[language()]).items():
        for name, city in found:
            yield SelectChoice(name, city, optgroup=zones.REGIONS[region])


class AddressForm(Form):
    email = EmailField(
        _("New address"),
        [Enter(_("Enter an email address like name@example.com")), EmailAddress()],
        render_kw=EMAIL,
    )
    submit = SubmitField(_("Change address"))


class TimeZoneForm(Form):
    timezone = SelectField(  # type: ignore[call-arg]  # the message is new in 3.3
        _("Time zone"),
        choices=lambda: list(_time_zones()),
        invalid_choice_message=_("Select a city from the list"),
        description=_("Choose a city whose clocks go like yours."),
    )
    submit = SubmitField(_("Save"))


class DeleteForm(Form):
    username = StringField(
        _("Your username, to be sure"), [Enter(_("Enter your username"))], render_kw=OFF
    )
    submit = SubmitField(_("Delete my account"))


class NotificationsForm(Form):
    """A box for each of ``accounts.notifications.KINDS``, by its name."""

    post = BooleanField(_("Write to me when somebody sends me a post"))
    login = BooleanField(_("Write to me when my account is used on a new device"))
    submit = SubmitField(_("Save"))
