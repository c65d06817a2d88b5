"""What forms say instead of WTForms' own messages, which do not tell what to do."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

INSTEAD = {
    "This field is required.": _("Answer this question"),
    "Not a valid choice.": _("Choose one of the answers offered"),
    "'%(value)s' is not a valid choice for this field.": _("Choose from the answers offered"),
    "'%(value)s' are not valid choices for this field.": _("Choose from the answers offered"),
    "Not a valid integer value.": _("Enter a whole number"),
    "Not a valid decimal value.": _("Enter a number"),
    "Not a valid float value.": _("Enter a number"),
    "Not a valid date value.": _("Enter a date, such as 2026-11-22"),
    "Not a valid datetime value.": _("Enter a date and time, such as 2026-11-22 14:30"),
    "Not a valid time value.": _("Enter a time, such as 14:30"),
    "Number must be at least %(min)s.": _("Enter %(min)s or more"),
    "Number must be at most %(max)s.": _("Enter %(max)s or less"),
    "Number must be between %(min)s and %(max)s.": _("Enter a number from %(min)s to %(max)s"),
    "Date must be at least %(min)s.": _("Enter %(min)s or a later date"),
    "Date must be at most %(max)s.": _("Enter %(max)s or an earlier date"),
    "Date must be between %(min)s and %(max)s.": _("Enter a date from %(min)s to %(max)s"),
    "Field must be at least %(min)d characters long.": _("Enter at least %(min)d characters"),
    "Field cannot be longer than %(max)d characters.": _("Enter %(max)d characters or fewer"),
    "Field must be between %(min)d and %(max)d characters long.": _(
        "Enter %(min)d to %(max)d characters"
    ),
    "Invalid URL.": _("Enter an address like https://example.com"),
    "Invalid email address.": _("Enter an email address like name@example.com"),
    "Invalid input.": _("Enter this in the form that is asked for"),
    "File does not have an approved extension: {extensions}": _(
        "Choose a file of one of these types: {extensions}"
    ),
}


class Words:
    """A WTForms translation that knows only our sentences."""

    def gettext(self, words: str) -> str:
        return str(INSTEAD.get(words, words))

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        return self.gettext(plural)
