"""Rules say what to do, in a sentence made from the label or in one's own."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask_wtf.file import FileField, MultipleFileField
from werkzeug.datastructures import FileStorage
from wtforms import DateField, IntegerField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired

from frontdesk.forms import Form, words
from frontdesk.forms.rules import AtLeast, AtMost, Choose, EmailAddress, Enter, OfType, SmallerThan

CHOICES = [SelectChoice("a", "A")]


def said(app: Flask, field: Any, **answers: Any) -> list[str]:
    """What a form with this one field says to ``answers``."""

    class Asked(Form):
        it = field

    with app.test_request_context(method="POST", data=answers):
        form = Asked(meta={"csrf": False})
        form.validate()
        return [str(error) for error in form.it.errors]


def file(name: str, size: int) -> FileStorage:
    return FileStorage(BytesIO(b"x" * size), name)


@pytest.mark.parametrize(
    ("field", "answer", "sentence"),
    [
        (StringField("Display name", [Enter(), AtLeast(9)]), "  ", "Enter your display name"),
        (StringField("URL", [Enter()]), "", "Enter your URL"),
        (StringField("Name", [Enter("Who are you?")]), "", "Who are you?"),
        (IntegerField("Age", [Enter()]), "", "Enter your age"),
        (IntegerField("Age", [Enter()]), "x", "Enter a whole number"),
        (DateField("Day", [Enter()]), "x", "Enter a date, such as 2026-11-22"),
        (SelectField("Folder", [Choose()], choices=CHOICES), "z", "Select folder"),
        (RadioField("Folder", [Choose("Select a folder")], choices=CHOICES), "", "Select a folder"),
        (SelectField("Folder", choices=CHOICES), "z", "Choose one of the answers offered"),
        (StringField("Title", [AtMost(3)]), "abcd", "Title must be 3 characters or fewer"),
        (StringField("Title", [AtMost(1)]), "ab", "Title must be 1 character or fewer"),
        (StringField("Code", [AtLeast(6)]), "12", "Code must be at least 6 characters"),
        (
            StringField("Email", [EmailAddress()]),
            "ann@home",
            "Enter an email address like name@example.com",
        ),
        (StringField("Name", [DataRequired()]), "", "Answer this question"),
    ],
)
def test_a_wrong_answer_is_told_what_to_do(
    app: Flask, field: Any, answer: str, sentence: str
) -> None:
    assert said(app, field, it=answer) == [sentence]


@pytest.mark.parametrize(
    ("field", "answer"),
    [
        (StringField("Name", [Enter()]), "Ann"),
        (IntegerField("Age", [Enter()]), "0"),
        (SelectField("Folder", [Choose()], choices=CHOICES), "a"),
        (StringField("Title", [AtMost(3), AtLeast(3)]), "abc"),
        (StringField("Email", [EmailAddress()]), "ann@example.co.uk"),
    ],
)
def test_a_right_answer_is_taken(app: Flask, field: Any, answer: str) -> None:
    assert said(app, field, it=answer) == []


@pytest.mark.parametrize(
    ("rule", "name", "size", "sentence"),
    [
        (OfType(["jpg", "png", "pdf"]), "a.exe", 1, "“a.exe” must be a JPG, PNG or PDF"),
        (OfType(["pdf"]), "a.pdf.exe", 1, "“a.pdf.exe” must be a PDF"),
        (SmallerThan(2_000), "a.txt", 2_001, "“a.txt” must be smaller than 2.0 kB"),
        (SmallerThan(2_000), "a.txt", 0, "“a.txt” is empty"),
    ],
)
def test_a_file_that_does_not_fit_is_named(
    app: Flask, rule: Any, name: str, size: int, sentence: str
) -> None:
    assert said(app, FileField("File", validators=[rule]), it=file(name, size)) == [sentence]


def test_each_of_several_files_is_looked_at(app: Flask) -> None:
    field = MultipleFileField("Files", validators=[OfType(["pdf"]), SmallerThan(9)])
    wrong = ["“b.PDF” must be smaller than 9 Bytes"]
    assert said(app, field, it=[file("a.pdf", 1), file("b.PDF", 10)]) == wrong
    assert said(app, field, it=[file("a.pdf", 1), file("b.PDF", 8)]) == []


def test_a_missing_file_is_asked_for(app: Flask) -> None:
    field = FileField("File", validators=[Choose("Select a file"), OfType(["pdf"])])
    assert said(app, field) == ["Select a file"]


def test_a_field_that_must_be_answered_is_marked_and_nothing_pasted_is_cut_off() -> None:
    assert Enter.field_flags == {"required": True}
    assert not hasattr(AtMost(3), "field_flags")


def test_our_words_avoid_what_scolds() -> None:
    for sentence in words.INSTEAD.values():
        assert not {"please", "sorry", "valid", "invalid"} & set(str(sentence).lower().split())
