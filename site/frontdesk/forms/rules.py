"""What an answer must be, said in sentences that tell what to do.

Each takes its own sentence; without one it is made from the question's label. None of them
sets ``maxlength``: a browser would cut off what is pasted without a word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_wtf.file import FileAllowed
from jinja2.filters import do_filesizeformat
from wtforms import Field, Form
from wtforms.validators import StopValidation, ValidationError

Sentence = Any  # a str, or a lazy translation
ADDRESS = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


def label_of(field: Field) -> str:
    """The label as it stands in a sentence: "Display name" as "display name", "URL" as it is."""
    words = str(field.label.text)
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


class Enter:
    """Something was typed: "Enter your password"."""

    field_flags = {"required": True}  # noqa: RUF012  WTForms reads it so

    def __init__(self, sentence: Sentence = None) -> None:
        self.sentence = sentence

    def __call__(self, form: Form, field: Field) -> None:
        answer = field.raw_data[0] if field.raw_data else field.data
        if not answer or (isinstance(answer, str) and not answer.strip()):
            field.errors = []  # what else is wrong with nothing does not matter
            raise StopValidation(self.sentence or self.default(field))

    def default(self, field: Field) -> str:
        return str(_("Enter your %(label)s", label=label_of(field)))


class Choose(Enter):
    """One of those offered was chosen: "Select a folder". For radio buttons, lists and files."""

    def __call__(self, form: Form, field: Field) -> None:
        if field.errors:  # WTForms' "Not a valid choice."
            field.errors = []
            raise StopValidation(self.sentence or self.default(field))
        super().__call__(form, field)

    def default(self, field: Field) -> str:
        return str(_("Select %(label)s", label=label_of(field)))


class AtMost:
    """Not longer than ``count`` characters."""

    def __init__(self, count: int, sentence: Sentence = None) -> None:
        self.count, self.sentence = count, sentence

    def __call__(self, form: Form, field: Field) -> None:
        if len(field.data or "") > self.count:
            raise ValidationError(
                self.sentence
                or ngettext(
                    "%(label)s must be %(num)s character or fewer",
                    "%(label)s must be %(num)s characters or fewer",
                    self.count,
                    label=field.label.text,
                )
            )


class AtLeast:
    """Not shorter than ``count`` characters."""

    def __init__(self, count: int, sentence: Sentence = None) -> None:
        self.count, self.sentence = count, sentence

    def __call__(self, form: Form, field: Field) -> None:
        if len(field.data or "") < self.count:
            raise ValidationError(
                self.sentence
                or ngettext(
                    "%(label)s must be at least %(num)s character",
                    "%(label)s must be at least %(num)s characters",
                    self.count,
                    label=field.label.text,
                )
            )


class EmailAddress:
    """Looks like an address. Whether it is one, only a letter can tell."""

    def __init__(self, sentence: Sentence = None) -> None:
        self.sentence = sentence

    def __call__(self, form: Form, field: Field) -> None:
        answer = (field.data or "").strip()
        if len(answer) > 254 or not ADDRESS.fullmatch(answer):
            raise ValidationError(
                self.sentence or _("Enter an email address like name@example.com")
            )


class OfType(FileAllowed):
    """Files whose names end in one of ``types``, without the dot; the browser offers only those."""

    def __init__(self, types: Sequence[str], sentence: Sentence = None) -> None:
        super().__init__(types, sentence)

    def __call__(self, form: Form, field: Field) -> None:
        for file in _files(field):
            if not file.filename.lower().endswith(tuple(f".{t}" for t in self.upload_set)):
                raise StopValidation(self.message or self.default(file.filename))

    def default(self, name: str) -> str:
        *most, last = [str(t).upper() for t in self.upload_set]
        types = _("%(types)s or %(last)s", types=", ".join(most), last=last) if most else last
        return str(_("“%(name)s” must be a %(types)s", name=name, types=types))


class SmallerThan:
    """Files of at most ``max_size`` bytes, and not empty."""

    def __init__(self, max_size: int, sentence: Sentence = None) -> None:
        self.max_size, self.sentence = max_size, sentence

    def __call__(self, form: Form, field: Field) -> None:
        for file in _files(field):
            length = file.stream.seek(0, 2)
            file.stream.seek(0)
            if not length:
                raise ValidationError(_("“%(name)s” is empty", name=file.filename))
            if length > self.max_size:
                raise ValidationError(self.sentence or self.default(file.filename))

    def default(self, name: str) -> str:
        size = current_app.jinja_env.filters.get("size", do_filesizeformat)
        limit = size(self.max_size)
        return str(_("“%(name)s” must be smaller than %(size)s", name=name, size=limit))


def _files(field: Field) -> list[Any]:
    files = field.data if isinstance(field.data, list) else [field.data]
    return [file for file in files if file]
