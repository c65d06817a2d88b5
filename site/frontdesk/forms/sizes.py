"""A question for an amount of bytes, answered as people say it: "50 GB"."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from wtforms import StringField
from wtforms.validators import StopValidation

POWERS = {"k": 1, "m": 2, "g": 3, "t": 4}
SAID = re.compile(r"(\d{1,18}(?:[.,]\d{1,12})?)\s*(?:([kmgt])(i?)b?|b|bytes?|字节)?", re.ASCII)
LARGEST = 10**18  # what the databases' whole numbers hold, and files of it can be added up


def understood(text: str) -> int:
    """The bytes that ``text`` says: "1.5 GB", "500mb", "2 GiB", "0".

    :raise ValueError: if it says none, or too many, or leaves the unit out
    """
    said = SAID.fullmatch(unicodedata.normalize("NFKC", text[:64]).strip().casefold())
    if said is None:
        raise ValueError("no size")
    number, unit, is_binary = said.groups()
    if said[0] == number and number.strip("0"):
        raise ValueError("no unit")
    each = (1024 if is_binary else 1000) ** POWERS[unit] if unit else 1
    count = int(Decimal(number.replace(",", ".")) * each)
    if count > LARGEST:
        raise ValueError("too large")
    return count


def spoken(count: int) -> str:
    """``count`` so that :func:`understood` finds the very same: "50 GB", "1.25 MB", "17 bytes"."""
    for unit, power in reversed(POWERS.items()):
        value = Decimal(count) / 1000**power
        if value >= 1 and value == round(value, 3):
            return f"{value.normalize():f} {unit.upper() if unit != 'k' else unit}B"
    return f"{count} bytes" if count else "0"


class SizeField(StringField):
    """Its ``data`` is a number of bytes; None where nothing was typed."""

    def process_data(self, value: int | None) -> None:
        """Show what is kept."""
        self.data: Any = value
        self.typed = "" if value is None else spoken(value)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what came; what isn't understood stays in the form as it was typed."""
        self.typed = valuelist[0].strip() if valuelist else ""
        self.data = None
        if self.typed:
            try:
                self.data = understood(self.typed)
            except ValueError as error:
                raise ValueError(_("Enter a size with its unit, like 50 GB")) from error

    def pre_validate(self, form: Any) -> None:
        """A wrong answer is complained about once."""
        if self.process_errors:
            raise StopValidation()

    def _value(self) -> str:
        return self.typed
