"""What the documentation of Bootstrap-Flask tells people to write still works."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask_bootstrap import SwitchField
from flask_wtf import FlaskForm
from tests.macros.conftest import Show
from wtforms import (
    BooleanField,
    ColorField,
    DateField,
    IntegerField,
    IntegerRangeField,
    PasswordField,
    SelectMultipleField,
    StringField,
    SubmitField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, NumberRange


class HelloForm(FlaskForm):
    username = StringField(
        "Username",
        [DataRequired(), Length(1, 20)],
        render_kw={"class": "own", "label_class": "text-bold", "description_class": "fst-italic"},
        description="A hint",
    )
    password = PasswordField("Password", [DataRequired()])
    remember = BooleanField("Remember me")
    loud = SwitchField("Loud", description="Of the bell")
    colour = ColorField("Colour", [DataRequired()])
    loudness = IntegerRangeField("Loudness", [NumberRange(1, 9)], render_kw={"data_unit": "dB"})
    rings = IntegerField("Rings", [NumberRange(1, 9)])
    day = DateField("Day")
    kinds = SelectMultipleField("Kinds", choices=[SelectChoice("a", "A", optgroup="Letters")])
    submit = SubmitField()


@pytest.fixture
def field(show: Show) -> Any:
    def render(name: str, arguments: str = "") -> BeautifulSoup:
        return show(f"{{{{ render_field(form.{name}{arguments}) }}}}", form=HelloForm())

    return render


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        ", form_type='inline'",
        ", form_type='horizontal', horizontal_columns=('md', 3, 9)",
        ", button_map={'submit': 'success'}",
        ", button_style='success', button_size='lg'",
        ", action=url_for('things', kind='a'), method='post', role='form', novalidate=true",
        ", extra_classes='a b', enctype='multipart/form-data', form_group_classes='mb-5'",
        ", form_type='inline', form_inline_classes='row g-1'",
    ],
)
def test_render_form_takes_what_it_took(show: Show, arguments: str) -> None:
    page = show(f"{{{{ render_form(form{arguments}) }}}}", form=HelloForm())
    assert {c["name"] for c in page.select("[name]")} == HelloForm()._fields.keys() - {"submit"}


def test_classes_given_to_render_field_replace_those_of_the_field(field: Any) -> None:
    assert field("username").input["class"] == ["form-control", "own"]
    for name in ("class", "class_"):
        assert field("username", f", {name}='mine'").input["class"] == ["form-control", "mine"]


def test_classes_of_label_and_hint_are_not_attributes_of_the_control(field: Any) -> None:
    page = field("username", ", placeholder='Ann', data_x='1'")
    assert page.label["class"] == ["form-label", "text-bold"]
    assert page.select_one("#username-hint")["class"] == ["form-text", "fst-italic"]
    assert page.input["placeholder"] == "Ann" and page.input["data-x"] == "1"
    assert not [name for name in page.input.attrs if "_" in name or name.endswith("-class")]


def test_columns_stand_where_they_are_told(field: Any) -> None:
    page = field("username", ", form_type='horizontal', horizontal_columns=('md', 3, 9)")
    assert page.label["class"][:2] == ["col-form-label", "col-md-3"]
    assert page.input.parent["class"] == ["col-md-9"]
    page = field("remember", ", form_type='horizontal'")
    assert page.select_one(".row > .offset-lg-2.col-lg-10 > .form-check > input")


def test_each_kind_of_field_has_bootstraps_class(field: Any) -> None:
    for name, css in {
        "colour": "form-control-color",
        "loudness": "form-range",
        "rings": "form-control",
        "day": "form-control",
        "kinds": "form-select",
        "remember": "form-check-input",
    }.items():
        assert css in field(name).select_one(f"#{name}")["class"]
    assert field("loudness").input["data-unit"] == "dB"
    assert (field("rings").input["min"], field("rings").input["max"]) == ("1", "9")
    assert field("kinds").optgroup["label"] == "Letters"
    switch = field("loud").input
    assert switch["role"] == "switch" and switch.parent["class"][-1] == "form-switch"


def test_a_button_takes_its_style(field: Any) -> None:
    assert field("submit").button["class"] == ["btn", "btn-primary"]
    page = field("submit", ", button_map={'submit': 'success'}, button_size='sm'")
    assert page.button["class"] == ["btn", "btn-success", "btn-sm"]
    assert page.button.get_text() == "Submit"


def test_fields_stand_in_a_row(show: Show) -> None:
    page = show(
        "{{ render_form_row([form.username, form.remember], col_map={'username': 'col-md-2'}) }}",
        form=HelloForm(),
    )
    assert [d["class"] for d in page.select(".row > div")] == [["col-md-2"], ["col"]]


def test_a_form_can_be_written_by_hand(show: Show) -> None:
    page = show(
        '<form method="post" action="/x">{{ form.hidden_tag() }}{{ render_hidden_errors(form) }}'
        "{{ render_field(form.username) }}{{ render_field(form.submit) }}</form>",
        form=HelloForm(),
    )
    assert page.select_one("[name=csrf_token]") and page.button
