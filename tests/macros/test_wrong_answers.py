"""What Bootstrap-Flask's forms leave unsaid when an answer is wrong (PAGES 2.3, 1 to 8)."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask_wtf import FlaskForm
from tests.macros.conftest import Show, form_page
from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    SubmitField,
    TextAreaField,
    widgets,
)
from wtforms import Form as PlainForm
from wtforms.fields.choices import SelectChoice
from wtforms.validators import AnyOf, InputRequired

from frontdesk.forms import Form, Refused

COLOURS = [SelectChoice("red", "Red"), SelectChoice("blue", "Blue")]
needed = [InputRequired("Answer this")]


class Street(PlainForm):
    street = StringField("Street", needed)


class Everything(Form):
    username = StringField("Username", needed, description="As on your card")
    password = PasswordField("Password", needed)
    agree = BooleanField("Agree", needed, description="To all of it")
    about = TextAreaField("About", needed)
    size = SelectField(
        "Size", [AnyOf(["no"], "Choose a size")], choices=COLOURS, validate_choice=False
    )
    colour = RadioField("Colour", needed, choices=COLOURS, description="Of the door")
    extras = SelectMultipleField(
        "Extras",
        needed,
        choices=COLOURS,
        widget=widgets.ListWidget(prefix_label=False),
        option_widget=widgets.CheckboxInput(),
    )
    address = FormField(Street)
    items = FieldList(StringField("Item", needed), min_entries=2)
    save = SubmitField("Save")


def wrong(form: Any) -> Any:
    form.validate()
    return form


@pytest.fixture
def page(show: Show) -> BeautifulSoup:
    return form_page(show, wrong(Everything(meta={"csrf": False}, username='<b>"')))


def text(tag: Any) -> str:
    return " ".join(tag.get_text(" ").split())


def test_1_a_summary_stands_first_takes_the_focus_and_leads_to_each_question(
    page: BeautifulSoup,
) -> None:
    summary = page.select_one("#error-summary")
    assert summary and page.find(True) is summary
    assert (
        summary["role"] == "alert" and summary["tabindex"] == "-1" and "autofocus" in summary.attrs
    )
    assert text(summary.h2) == "There is a problem"
    assert [(a["href"], text(a)) for a in summary.select("a")] == [
        ("#username", "Answer this"),
        ("#password", "Answer this"),
        ("#agree", "Answer this"),
        ("#about", "Answer this"),
        ("#size", "Choose a size"),
        ("#colour-0", "Answer this"),
        ("#extras-0", "Answer this"),
        ("#address-street", "Answer this"),
        ("#items-0", "Answer this"),
        ("#items-1", "Answer this"),
    ]
    for link in summary.select("a"):
        assert page.select_one(str(link["href"]))["aria-invalid"] == "true"


@pytest.mark.parametrize("form", [None, Everything])
def test_1_there_is_no_summary_without_a_mistake(show: Show, form: Any) -> None:
    page = show(
        "{{ render_error_summary(form) }}",
        form=form and form(),
    )
    assert str(page) == ""


def test_1_a_page_without_a_summary_gets_it_with_the_form(show: Show) -> None:
    page = show(
        "{{ render_form(form) }}",
        form=wrong(Everything()),
    )
    assert page.find(True)["id"] == "error-summary"


def test_2_wrong_controls_say_so_and_right_ones_do_not(show: Show) -> None:
    form = Everything(meta={"csrf": False}, username="Ann")
    form.username.errors = ["No"]
    page = form_page(show, form)
    assert [c["name"] for c in page.select("[aria-invalid]")] == ["username"]
    assert page.select_one("#username")["aria-invalid"] == "true"


def test_3_a_control_is_described_by_its_hint_and_then_its_error(page: BeautifulSoup) -> None:
    for name, ids in {
        "username": ["username-hint", "username-error"],
        "agree": ["agree-hint", "agree-error"],
        "about": ["about-error"],
    }.items():
        control = page.select_one(f"#{name}")
        assert str(control["aria-describedby"]).split() == ids
    assert text(page.select_one("#username-hint")) == "As on your card"


def test_4_the_hint_stays_beside_the_error(page: BeautifulSoup) -> None:
    assert page.select_one("#username-hint") and page.select_one("#username-error")
    assert page.select_one("#agree-hint") and page.select_one("#agree-error")


def test_5_an_error_is_said_in_words_and_can_be_found_by_its_field(page: BeautifulSoup) -> None:
    for error in page.select(".invalid-feedback"):
        assert text(error).startswith("Error: ")
        assert error.span["class"] == ["visually-hidden"]
        control = error.find_previous(["input", "select", "textarea"])
        assert control["name"] == error["data-field"] and control["aria-invalid"] == "true"
    assert len(page.select(".invalid-feedback")) == 10


@pytest.mark.parametrize("name", ["colour", "extras"])
def test_6_choices_are_a_group_whose_legend_is_the_question(page: BeautifulSoup, name: str) -> None:
    group = page.select_one(f"fieldset:has([name={name}])")
    assert text(group.legend) == name.title()
    assert str(group["aria-describedby"]).split()[-1] == f"{name}-error"
    for choice in group.select("input"):
        assert choice["aria-invalid"] == "true" and "is-invalid" in choice["class"]
        assert choice["aria-describedby"] == f"{name}-error"


def test_6_a_group_that_needs_an_answer_says_so(page: BeautifulSoup) -> None:
    group = page.select_one("fieldset:has([name=colour])")
    assert (group["role"], group["aria-required"]) == ("radiogroup", "true")
    assert group["aria-describedby"].startswith("colour-hint")
    assert all(radio.has_attr("required") for radio in group.select("input"))


def test_7_what_is_wrong_with_the_whole_form_is_said(show: Show) -> None:
    form = Everything(meta={"csrf": False})
    with form.explains():
        raise Refused("The username or password is <not> right")
    summary = form_page(show, form).select_one("#error-summary")
    assert text(summary.li) == "The username or password is <not> right"
    assert not summary.select("a")


def test_7_a_refusal_that_names_a_field_stands_beside_it(show: Show) -> None:
    form = Everything(meta={"csrf": False})
    with form.explains():
        raise Refused("This username is taken", "username")
    page = form_page(show, form)
    assert text(page.select_one("#username-error")) == "Error: This username is taken"
    assert page.select_one("#error-summary a")["href"] == "#username"


def test_8_an_expired_token_is_explained(show: Show) -> None:
    form = wrong(Everything())
    said = text(form_page(show, form).select_one("#error-summary li:last-child"))
    assert said.startswith("Your page was open too long")
    assert "CSRF" not in said


def test_8_a_hidden_field_that_is_wrong_is_said_without_a_link(show: Show) -> None:
    class Hidden(FlaskForm):
        step = HiddenField("Step", [InputRequired("Start again")])

    page = form_page(show, wrong(Hidden(meta={"csrf": False})))
    assert text(page.select_one("#error-summary li")) == "Start again"
    assert not page.select("#error-summary a")


def test_8_bootstrap_flasks_macro_for_hidden_errors_still_speaks(show: Show) -> None:
    page = show(
        "{{ render_hidden_errors(form) }}",
        form=wrong(Everything()),
    )
    assert text(page).startswith("Your page was open too long")


def test_passwords_are_emptied_and_other_answers_kept(app: Flask, show: Show) -> None:
    with app.test_request_context(method="POST", data={"username": '"><b>', "password": "secret"}):
        page = form_page(show, wrong(Everything(meta={"csrf": False})))
    assert page.select_one("#username")["value"] == '"><b>'
    assert not page.select_one("#password").get("value")
    assert "secret" not in str(page)


def test_two_errors_of_one_field_are_both_said(show: Show) -> None:
    form = Everything(meta={"csrf": False})
    form.username.errors = ["One", "<Two>"]
    page = form_page(show, form)
    assert text(page.select_one("#username-error")) == "Error: One <Two>"
    assert len(page.select("#error-summary a")) == 2
