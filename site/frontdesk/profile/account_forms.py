"""What the pages about a member's account ask: address, time zone, letters, leaving."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import lazy_gettext as _
from wtforms import SelectField, SubmitField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # new in 3.3

from frontdesk import zones
from frontdesk.forms import Form
from frontdesk.language import LOCALES, language


def _time_zones() -> Iterator[SelectChoice]:
    """UTC, then the cities of each region, as the reader calls them."""
    yield SelectChoice("", _("UTC, as the site"))
    for region, found in zones.cities(LOCALES[language()]).items():
        for name, city in found:
            yield SelectChoice(name, city, optgroup=zones.REGIONS[region])


class TimeZoneForm(Form):
    timezone = SelectField(
        _("Time zone"),
        choices=lambda: list(_time_zones()),
        invalid_choice_message=_("Select a city from the list"),
        description=_("Choose a city whose clocks go like yours."),
    )
    submit = SubmitField(_("Save"))
