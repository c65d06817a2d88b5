"""What Bootstrap-Flask's forms do to people who fill them in (PAGES 2.3, 9 to 18)."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask_wtf import FlaskForm
from flask_wtf.file import FileAllowed, FileField, FileSize, MultipleFileField
from tests.macros.conftest import Show, form_page
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    PasswordField,
    RadioField,
    SearchField,
    SelectField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from frontdesk.forms import ONE_TIME_CODE, Form
from frontdesk.forms import questions as written

CHOICES = [SelectChoice("a", "A"), SelectChoice("b", "<B>")]


class Profile(Form):
    name = StringField("Name", [InputRequired()], description="Shown to <b>all</b>")
    email = EmailField("Email", [InputRequired()])
    password = PasswordField("Password")
    code = StringField("Code", [Optional()], render_kw=ONE_TIME_CODE)
    about = TextAreaField("About", render_kw={"rows": 3, "enterkeyhint": "enter"})
    theme = SelectField("Theme", choices=CHOICES, default="b")
    language = RadioField("Language", [Optional()], choices=CHOICES, default="a")
    agree = BooleanField("Agree")
    step = HiddenField(default='"')
    save = SubmitField("Save")


class OnlyFiles(FlaskForm):
    picture = FileField("Picture", validators=[FileAllowed(["jpg", "png"]), FileSize(2_000_000)])
    more = MultipleFileField("More", description="Whatever you like")
    submit = SubmitField("Send")


class Two(FlaskForm):
    save = SubmitField("Save")
    cancel = SubmitField("Cancel")


@pytest.fixture
def page(show: Show) -> BeautifulSoup:
    return form_page(show, Profile())


def label(page: BeautifulSoup, name: str) -> str:
    return page.select_one(f'label[for="{name}"]').get_text(" ", strip=True)


def test_9_a_form_names_its_address_and_has_no_needless_role(page: BeautifulSoup) -> None:
    assert page.form["action"] == "/login"
    assert page.form["method"] == "post"
    assert "role" not in page.form.attrs
    assert "novalidate" in page.form.attrs


def test_9_an_address_and_attributes_of_ones_own_are_kept(show: Show) -> None:
    page = form_page(
        show,
        Two(),
        ", action='/x?a=1&b=2', id='two', role='search', extra_classes='wide',"
        " render_kw={'data-x': '1'}",
    )
    form = page.form
    assert (form["action"], form["id"], form["role"], form["data-x"]) == (
        "/x?a=1&b=2",
        "two",
        "search",
        "1",
    )
    assert "wide" in form["class"]


def test_9_a_form_that_is_read_from_the_address_carries_no_token(show: Show) -> None:
    page = form_page(show, Profile(), ", method='get'")
    assert page.form["method"] == "get"
    assert not page.select("[name=csrf_token]")
    assert page.select("[name=step]")


def test_10_the_only_button_has_no_name_that_hides_a_method_of_the_form(show: Show) -> None:
    button = form_page(show, OnlyFiles()).button
    assert button["type"] == "submit" and "btn-primary" in button["class"]
    assert not {"name", "id"} & button.attrs.keys()


def test_10_several_buttons_have_names_and_only_the_first_is_primary(show: Show) -> None:
    save, cancel = form_page(show, Two()).select("button")
    assert (save["name"], cancel["name"]) == ("save", "cancel")
    assert "btn-primary" in save["class"] and "btn-outline-secondary" in cancel["class"]
    assert "id" not in save.attrs


def test_10_the_server_knows_which_button_was_pressed(app: Flask, show: Show) -> None:
    cancel = form_page(show, Two()).select("button")[1]
    with app.test_request_context(method="POST", data={cancel["name"]: cancel["value"]}):
        form = Two()
        assert form.cancel.data and not form.save.data


def test_11_browsers_and_phones_learn_what_a_question_is_about(page: BeautifulSoup) -> None:
    email = page.select_one("#email")
    assert (email["autocomplete"], email["inputmode"]) == ("email", "email")
    assert email["spellcheck"] == "false"
    assert page.select_one("#password")["autocomplete"] == "current-password"
    assert page.select_one("#code")["autocomplete"] == "one-time-code"
    assert page.select_one("#about")["enterkeyhint"] == "enter"


def test_12_a_file_field_says_and_offers_what_may_be_sent(show: Show) -> None:
    page = form_page(show, OnlyFiles())
    picture = page.select_one("#picture")
    assert picture["accept"] == ".jpg,.png"
    hint = page.select_one(f"#{picture['aria-describedby']}").get_text()
    assert "JPG, PNG" in hint and "2.0 MB" in hint
    assert page.form["enctype"] == "multipart/form-data"
    more = page.select_one("#more")
    assert more.has_attr("multiple") and "value" not in more.attrs
    assert page.select_one("#more-hint").get_text() == "Whatever you like"


def test_12_a_form_without_files_is_sent_as_usual(page: BeautifulSoup) -> None:
    assert "enctype" not in page.form.attrs


def test_13_what_may_be_left_empty_is_marked(page: BeautifulSoup) -> None:
    assert label(page, "about") == "About (optional)"
    assert label(page, "code") == "Code (optional)"
    assert page.legend.get_text(" ", strip=True) == "Language (optional)"
    assert [label(page, name) for name in ("name", "theme", "agree")] == ["Name", "Theme", "Agree"]
    assert page.select_one("#name").has_attr("required")


def test_13_a_search_is_not_called_optional(show: Show) -> None:
    class Search(Form):
        key = SearchField("Search")

    assert label(form_page(show, Search(), ", method='get'"), "key") == "Search"


def test_14_people_s_words_are_text_wherever_they_stand(page: BeautifulSoup) -> None:
    assert page.select_one("#name-hint").get_text() == "Shown to <b>all</b>"
    assert page.select_one('label[for="language-1"]').get_text() == "<B>"
    assert page.select_one("option[selected]").get_text() == "<B>"
    assert page.select_one("[name=step]")["value"] == '"'


def test_15_a_form_is_not_wider_than_one_can_read(page: BeautifulSoup) -> None:
    assert "measure" in page.form["class"]


def test_16_forms_can_be_shown_where_unknown_names_are_loud(app: Flask, show: Show) -> None:
    assert app.jinja_env.undefined.__name__ == "Loud"
    for kind in ("basic", "inline", "horizontal"):
        assert form_page(show, Profile(), f", form_type='{kind}'").form


def test_17_there_are_no_blank_lines(page: BeautifulSoup) -> None:
    assert all(line.strip() for line in str(page).splitlines() if "textarea" not in line)
    assert len(str(page)) < 4_000


def test_18_every_word_of_ours_can_be_translated(
    app: Flask, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    def foreign(words: str, **values: Any) -> str:
        return f"⟦{words % values}⟧"

    monkeypatch.setattr(written, "_", foreign)
    app.jinja_env.install_gettext_callables(foreign, foreign, newstyle=True)  # type: ignore[attr-defined]
    form = Profile(meta={"csrf": False})
    form.name.errors = ["⟦wrong⟧"]
    page = form_page(show, form)
    theirs = {"Name", "Email", "Password", "Code", "About", "Theme", "Language", "Agree", "Save"}
    theirs |= {"A", "<B>", "Shown to <b>all</b>"}
    said = {s.strip() for s in page.find_all(string=True) if s.strip()} - theirs
    assert said == {"⟦There is a problem⟧", "⟦wrong⟧", "⟦(optional)⟧", "⟦Error:⟧"}


def test_two_forms_on_a_page_share_no_ids(show: Show) -> None:
    show(
        "{{ render_form(a) }}{{ render_form(b) }}",
        a=Two(),
        b=OnlyFiles(),
    )


def test_a_chosen_answer_is_shown_again(app: Flask, show: Show) -> None:
    data = {"theme": "a", "language": "b", "agree": "y", "about": "\n<i>"}
    with app.test_request_context(method="POST", data=data):
        page = form_page(show, Profile(meta={"csrf": False}))
    assert page.select_one("option[selected]")["value"] == "a"
    assert page.select_one("#language-1").has_attr("checked")
    assert page.select_one("#agree").has_attr("checked")
    assert page.select_one("#about").get_text() == "\n\n<i>"  # a browser drops the first
