"""What every form here can do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from flask_wtf import FlaskForm
from wtforms.form import BaseForm

from frontdesk.forms.words import Words
from frontdesk.forms.write import write_button, write_field, write_fields

# What browsers and phones should know of a question: render_kw=USERNAME, {**NAME, "dir": "auto"}.
USERNAME = {"autocomplete": "username", "spellcheck": "false", "autocapitalize": "none"}
CURRENT_PASSWORD = {"autocomplete": "current-password"}
NEW_PASSWORD = {"autocomplete": "new-password"}
ONE_TIME_CODE = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}
EMAIL = {"autocomplete": "email", "inputmode": "email", "spellcheck": "false"}
NAME = {"autocomplete": "name"}
OFF = {"autocomplete": "off"}
WHOLE_NUMBER = {"inputmode": "numeric", "autocomplete": "off"}


class Refused(Exception):
    """The answer is no, and here is why, said to the person who asked.

    ``why`` is a translated sentence that says what to do. ``field`` names the question
    that was answered wrongly; None is the whole form. ``status`` is the HTTP status for
    programs (and for pages, where it is not the usual 422).
    """

    def __init__(self, why: str, field: str | None = None, status: int = 422) -> None:
        super().__init__(why)
        self.why, self.field, self.status = why, field, status


class Form(FlaskForm):
    """A form with a CSRF token that can show a service's refusal beside the field."""

    class Meta:
        def get_translations(self, form: BaseForm) -> Words:
            return Words()

    @contextmanager
    def explains(self) -> Iterator[None]:
        """Show a refusal beside the field it is about, instead of raising it."""
        try:
            yield
        except Refused as no:
            if no.field and no.field in self:
                self[no.field].errors = [*self[no.field].errors, no.why]
            else:
                self.form_errors.append(no.why)


def init_app(app: Flask) -> None:
    """Give the macros in ``templates/bootstrap5/form.html`` what they write forms with."""
    app.jinja_env.globals.update(
        write_button=write_button, write_field=write_field, write_fields=write_fields
    )
